"""The functions of our app as the host finds them; the library lists them once only, so the tests share the list."""

from __future__ import annotations

from functools import cache
from typing import Any

import function_app


@cache
def functions() -> dict[str, Any]:
    """Each function by its name."""
    function_app.app.functions_bindings = {}
    return {str(found.get_function_name()): found for found in function_app.app.get_functions()}
