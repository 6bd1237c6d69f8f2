"""The triggers are tried in the same house as the jobs behind them."""

from tests.jobs.conftest import app, house, public_app

__all__ = ["app", "house", "public_app"]
