"""Why the storage account does not serve us: in our own words, each with its remedy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError, ServiceRequestError

from adapters.refusals import unavailable
from tests.support.office import ROOT


def answered(error: HttpResponseError, status: int) -> HttpResponseError:
    """The error as the service's answer."""
    error.status_code = status
    return error


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ClientAuthenticationError("a page of text"), "`az login` signs you in"),
        (answered(ClientAuthenticationError("a page of text"), 403), "needs the role 'Clerk'"),
        (answered(HttpResponseError("a page of text"), 503), "does not answer (503): check the network"),
        (ServiceRequestError("a page of text"), "does not answer: check the network"),
    ],
)
def test_each_refusal_has_its_remedy(error: AzureError, told: str) -> None:
    """And nothing of the library's own text."""
    text = str(unavailable(error, "table storage", "Clerk"))
    assert told in text
    assert "a page" not in text
    assert "Error" not in text


@pytest.mark.parametrize("arguments", [("status",), ("sync",), ("users", "list", "--json")])
def test_an_operator_who_is_not_signed_in_reads_one_sentence(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """No list of all that the library tried, on either stream."""
    environ = {
        "PATH": os.path.dirname(sys.executable),
        "HOME": str(tmp_path),
        "AzureWebJobsStorage__accountName": "nowhere",
        "AZURE_TOKEN_CREDENTIALS": "AzureCliCredential",  # which is not on that path
    }
    command = [sys.executable, "-m", "cli", *arguments]
    answer = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=60)

    assert answer.returncode == 1
    [line] = answer.stderr.splitlines()
    assert "`az login`" in line
    assert "Credential:" not in answer.stdout
