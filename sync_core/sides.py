"""The two systems. The policy and the model both name them, so neither keeps them."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """The two systems, always in this order."""

    GRAPH = "graph"
    ERP = "erp"

    @property
    def other(self) -> Side:
        """The system on the far end."""
        return Side.ERP if self is Side.GRAPH else Side.GRAPH
