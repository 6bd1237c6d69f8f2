"""The floor: the same requests over the same line, each answer parsed, and nothing thought about any of them.

``python -m tests.bench.floor FILE``: ``FILE`` holds, a line each, the requests that a sync made; they are sent to a
server that gives the answers that were given then (``Echo``), one after another.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from collections.abc import Sequence
from typing import Any

from aiohttp import ClientSession
from yarl import URL


async def send_all(requests: Sequence[list[Any]]) -> None:
    """One after another; what is JSON is parsed."""
    async with ClientSession() as session:
        for method, url, headers, body in requests:
            async with session.request(
                method, URL(url, encoded=True), headers=headers, data=base64.b64decode(body)
            ) as answer:
                text = await answer.read()
                if "json" in answer.content_type and text:
                    json.loads(text)


def main() -> None:
    """Send what the file holds."""
    with open(sys.argv[1], encoding="utf-8") as file:
        asyncio.run(send_all([json.loads(line) for line in file]))


if __name__ == "__main__":
    main()
