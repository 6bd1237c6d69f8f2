"""The fault tests live in the same house as the tests of whole rounds."""

from tests.jobs.conftest import house

__all__ = ["house"]
