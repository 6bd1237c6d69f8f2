"""Reading a decision table out of its printed form."""

from __future__ import annotations

import pytest

from sync_core.grid import read_grid


def test_a_printed_table_is_read_cell_by_cell() -> None:
    """Each row and column name leads to the cell where they meet."""
    expected = {("up", "left"): "one", ("up", "right"): "two", ("down", "left"): "three", ("down", "right"): "four"}

    assert expected == read_grid("""
              left   right
        up    one    two
        down  three  four
    """)


@pytest.mark.parametrize("row", ["down three", "down three four five"])
def test_a_row_that_does_not_fill_the_columns_is_refused(row: str) -> None:
    """A cell too few or too many would move the others into the wrong column."""
    with pytest.raises(ValueError, match="down"):
        read_grid(f"left right\nup one two\n{row}")
