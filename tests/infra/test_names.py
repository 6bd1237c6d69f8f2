"""Names of resources: one set for each environment and region; what Azure would refuse is refused before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.infra.evaluate import FUNCTIONS, Refused, evaluate
from tests.support.bicep import parse, read_bicep
from tests.support.deployment import MAIN

PROD = {"environmentName": "calsync-prod", "location": "westeurope"}

BEFORE = """
param environmentName string
param location string
var token = toLower(uniqueString(subscription().id, environmentName, location))
"""
"""How the token was made before regions were spelled one way."""


def worked_out(variable: str, **given: Any) -> Any:
    """A variable of ``main.bicep``, for a production environment in West Europe unless said otherwise."""
    return evaluate(read_bicep(MAIN), variable, {**PROD, **given})


@pytest.mark.parametrize("spelling", ["West Europe", "WestEurope", "west europe", "westeurope"])
def test_a_region_spelled_otherwise_makes_the_same_names(spelling: str) -> None:
    """A second set of resources beside the first would be a second calsync on one ERP.net."""
    assert worked_out("names", location=spelling) == worked_out("names")
    assert worked_out("region", location=spelling) == "westeurope"


@pytest.mark.parametrize("region", ["westeurope", "northeurope", "eastus2", "swedencentral"])
def test_names_of_before_stay(region: str) -> None:
    """An environment whose region was always written as Azure writes it finds its resources again."""
    given = {"environmentName": "calsync-prod", "location": region}

    assert evaluate(read_bicep(MAIN), "token", given) == evaluate(parse(BEFORE), "token", given)


def test_regions_and_environments_have_names_of_their_own() -> None:
    """Two environments, or one in two regions, share nothing."""
    tokens = {
        worked_out("token"),
        worked_out("token", location="northeurope"),
        worked_out("token", environmentName="x"),
    }

    assert len(tokens) == 3


def test_names_fit() -> None:
    """No name is longer than Azure allows, and each kind of resource has its own."""
    names = worked_out("names")

    assert len(names["storage"]) <= 24
    assert len(names["vault"]) <= 24
    assert len(names["app"]) <= 32
    assert names["storage"].isalnum()
    assert len(set(names.values())) == len(names)


@pytest.mark.parametrize("name", ["calsync prod", "calsync/prod", "prod.", "prød", "a'b"])
def test_an_environment_that_makes_no_resource_group_is_refused(name: str) -> None:
    """The message names the setting that was wrong."""
    with pytest.raises(Refused, match="AZURE_ENV_NAME"):
        worked_out("groupName", environmentName=name)


@pytest.mark.parametrize("name", ["calsync-prod", "CALSYNC", "a", "test_2", "x.y(z)"])
def test_an_environment_that_azd_takes_is_taken(name: str) -> None:
    """Its name stands in the resource group's as it is."""
    assert worked_out("groupName", environmentName=name) == f"rg-{name}"


@pytest.mark.parametrize("prefix", ["Calsync", "cal_sync", "cal-sync", "2calsync", "calsync ", "cälsync"])
def test_a_prefix_that_makes_no_table_or_queue_is_refused(prefix: str) -> None:
    """Tables take no underscore and queues no capitals: the message names the setting."""
    with pytest.raises(Refused, match="STATE_PREFIX"):
        worked_out("prefix", statePrefix=prefix)


@pytest.mark.parametrize("prefix", ["calsync", "abc", "a1b2", "a" * 21])
def test_a_good_prefix_is_taken(prefix: str) -> None:
    """Letters and digits, a letter first."""
    assert worked_out("prefix", statePrefix=prefix) == prefix


def test_the_templates_refusals_are_those_of_the_app() -> None:
    """What the app's own settings refuse as a prefix, the template refuses, too, and the reverse."""
    from adapters.setting_values import table_prefix

    for prefix in ("calsync", "Calsync", "cal_sync", "2calsync", "a1b2", "cal-sync"):
        try:
            table_prefix(prefix)
        except ValueError:
            with pytest.raises(Refused):
                worked_out("prefix", statePrefix=prefix)
        else:
            assert worked_out("prefix", statePrefix=prefix) == prefix


@pytest.mark.parametrize(
    ("settings", "chosen", "instances"),
    [
        ({}, 0, 1),
        ({"ERPNET_MAX_SESSIONS": "1"}, 0, 1),
        ({"ERPNET_MAX_SESSIONS": "5"}, 0, 5),
        ({}, 1, 1),
        ({}, 40, 40),
    ],
)
def test_instances_follow_the_sessions(settings: dict[str, str], chosen: int, instances: int) -> None:
    """As many as ERP.net has sessions for, unless somebody chose."""
    assert worked_out("instances", settings=settings, maximumInstances=chosen) == instances
    assert read_bicep(MAIN).params["maximumInstances"].least == 0


def test_the_stand_ins_tell_arguments_apart() -> None:
    """Equal arguments make equal texts, others make others, as Azure's own functions do."""
    assert FUNCTIONS["uniqueString"]("a", "b") == FUNCTIONS["uniqueString"]("a", "b")
    assert FUNCTIONS["uniqueString"]("a", "b") != FUNCTIONS["uniqueString"]("ab")
