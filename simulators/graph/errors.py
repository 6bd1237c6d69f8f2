"""Graph's errors: status, code, message (graph.md §0)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


class GraphError(Exception):
    """A refusal on its way to the client; ``extra`` lands inside ``error``, ``headers`` on the answer."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        extra: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra or {}
        self.headers = headers or {}


def bad_request(code: str, message: str) -> GraphError:
    """400 with the given code."""
    return GraphError(400, code, message)


def unknown_property(name: str, kind: str) -> GraphError:
    """400 for a body property the type does not have."""
    return bad_request(
        "RequestBodyRead",
        f"The property '{name}' does not exist on type 'Microsoft.OutlookServices.{kind}'. Make sure to only "
        "use property names that are defined by the type.",
    )


def wrong_value(name: str, wanted: str) -> GraphError:
    """400 for a body value of the wrong JSON type or outside its enum."""
    return bad_request("RequestBodyRead", f"Cannot convert the value of '{name}' to the expected type '{wanted}'.")


def item_not_found() -> GraphError:
    """404 for an id that names nothing in this mailbox."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def malformed_id() -> GraphError:
    """400 for an id that cannot be one."""
    return bad_request("ErrorInvalidIdMalformed", "Id is malformed.")


def stale_version() -> GraphError:
    """412 for an ``If-Match`` that is not the current version."""
    return GraphError(
        412,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request "
        "does not match the current change key for the item.",
    )
