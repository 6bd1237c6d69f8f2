"""The Functions app: triggers only. So far it answers for its health; nothing is opened, and settings are read only
when somebody asks."""

from __future__ import annotations

import json
import os

import azure.functions as func

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.function_name("health")
@app.route(route="health", methods=[func.HttpMethod.GET])
def health(request: func.HttpRequest) -> func.HttpResponse:
    """Whether the app runs, and how many settings are wrong; which ones is for administrators (`calsync doctor`)."""
    answer = {"status": "ok", "settings_mistakes": _mistakes()}
    return func.HttpResponse(json.dumps(answer), mimetype="application/json", headers={"Cache-Control": "no-store"})


def _mistakes() -> int:
    from adapters.settings import load
    from sync_core.errors import SettingsInvalid

    try:
        load(os.environ)
    except SettingsInvalid as error:
        return len(error.mistakes)
    return 0
