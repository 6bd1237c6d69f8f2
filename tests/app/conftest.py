"""The triggers are tried in the same house as the jobs behind them."""

from tests.jobs.app.conftest import app, public_app
from tests.jobs.conftest import house

__all__ = ["app", "house", "public_app"]
