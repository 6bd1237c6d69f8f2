"""Microsoft Graph: the calendars of a tenant as ``jobs.ports.Calendar``. It does not import the SDK."""

from adapters.graph.calendar import GraphCalendar
from adapters.graph.client import GraphOptions
from adapters.graph.credentials import Credential, StaticCredential
from adapters.graph.wire import ACTIVITY_PROPERTY

__all__ = ["ACTIVITY_PROPERTY", "Credential", "GraphCalendar", "GraphOptions", "StaticCredential"]
