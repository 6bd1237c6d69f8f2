"""Whole rounds are tried in the same house as the jobs."""

from tests.jobs.conftest import house

__all__ = ["house"]
