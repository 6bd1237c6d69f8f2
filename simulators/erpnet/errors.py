"""ERP.net's errors: HTTP 500 with a JSON error for every mistake (erpnet.md §4)."""

from __future__ import annotations

from typing import Any

SERVER_EXCEPTION = "Aloe.EnterpriseOne.Server.ServerAPI.Exceptions.EnterpriseOneServerException"
RULE_FAILED = 2029
DUPLICATE_KEY = 2129
NO_LICENCE = 8


class ErpError(Exception):
    """One refused operation: what the answer's status and ``error`` object say."""

    def __init__(self, message: str, *, code: int = 0, kind: str = "System.Exception", status: int = 500) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.kind = kind
        self.status = status
        self.headers: dict[str, str] = {}

    def body(self) -> dict[str, Any]:
        """The documented shape; ``info`` imitates the stack trace of the newest page."""
        return {
            "error": {
                "message": self.message,
                "code": self.code,
                "type": self.kind,
                "info": f"{self.kind}: {self.message}\r\n   at Aloe.EnterpriseOne.Server (skipped)",
                "messageFormat": None,
                "parameters": None,
            }
        }


def unsupported(message: str) -> ErpError:
    """A part of OData that ERP.net does not implement."""
    return ErpError(message, kind="System.NotSupportedException")


def invalid(message: str) -> ErpError:
    """A request that cannot be understood: unknown property, wrong type, bad filter."""
    return ErpError(message, kind="Microsoft.OData.ODataException")


def denied(message: str) -> ErpError:
    """A missing permission inside ERP.net; the text is a guess (erpnet.md §4: UNCONFIRMED)."""
    return ErpError(message, kind="Aloe.SystemFrameworks.SecurityException")


def not_saved(message: str) -> ErpError:
    """A back-end refusal whose rule number no source gives."""
    return ErpError(
        f"An error occurred while saving data to the database\r\n{message}",
        code=RULE_FAILED,
        kind=SERVER_EXCEPTION,
    )


def broken_rule(number: str, name: str, message: str) -> ErpError:
    """A failed system business rule, worded as in the batch page's example."""
    return not_saved(
        f"The validation {number}: {name} failed for event Commit: \r\n\r\n{message} (Constraint {number})"
    )


def duplicate(table: str, field: str, value: object) -> ErpError:
    """A unique index hit, code 2129."""
    return ErpError(
        f"Prohibited duplication in table 'dbo.{table}'.\n\nThe set of values for the following fields could "
        f"not be saved more than once.\n\nFields: ({field})\n\nDuplicated value: ({value})",
        code=DUPLICATE_KEY,
        kind=SERVER_EXCEPTION,
    )


def no_licence() -> ErpError:
    """All licence slots are taken (erpnet.md §3, newest docs): nothing was written, ask again in a minute."""
    error = ErpError(
        "The maximum number of simultaneously connected users is reached.",
        code=NO_LICENCE,
        kind="Aloe.SystemFrameworks.E1LicenseException",
        status=503,
    )
    error.headers["Retry-After"] = "60"
    return error


def too_many_requests() -> ErpError:
    """A session limit was passed; ERP.net documents no ``Retry-After`` here."""
    return ErpError("Too many requests.", kind="Aloe.SystemFrameworks.RateLimitException", status=429)
