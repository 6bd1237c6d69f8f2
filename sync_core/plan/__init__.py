"""Decides: what belongs together, what becomes of each pair, what is written, and what waits for a person."""
