"""One round of one user: read both sides, decide, write, move the cursors (design.md §4)."""
