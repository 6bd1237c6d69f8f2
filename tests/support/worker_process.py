"""Microsoft's worker library in a process of its own, spoken to in lines of JSON (azure.md §2).

``python -m tests.support.worker_process FOLDER``: the first line out is the index, then one line in is a list of
invocations, each to begin so many seconds ``after`` it, and one line out their outcomes, with what the process has
used. The library wants the host's protobuf classes; plain records with the same names stand in for them, since all it
does with them is to read and set fields.
"""

from __future__ import annotations

import asyncio
import base64
import importlib
import json
import sys
import time
from bisect import bisect
from collections.abc import Awaitable
from types import SimpleNamespace
from typing import Any

from tests.support.probe import most_memory

Json = dict[str, Any]


class Record:
    """A protobuf message as far as the library looks: fields, and which of them is set."""

    def __init__(self, **fields: Any) -> None:
        self.__dict__.update(fields)

    def WhichOneof(self, group: str) -> str | None:
        """The one field that is set; the group does not matter, each record has one."""
        return next(iter(self.__dict__), None)


class BindingInfo(Record):
    """Where a binding points to, with protobuf's numbers."""

    undefined, out, inout = 0, 1, 2


class StatusResult(Record):
    """How something ended."""

    Failure, Success = 0, 1


class TypedData(Record):
    """One value of one type."""


RECORDS = (
    "InvocationResponse FunctionMetadataResponse NullableString NullableBool NullableDouble NullableTimestamp "
    "ParameterBinding RpcException RpcFunctionMetadata RpcHttp RpcRetryOptions WorkerInitResponse WorkerMetadata"
)
PROTOS = SimpleNamespace(
    BindingInfo=BindingInfo, StatusResult=StatusResult, TypedData=TypedData, **dict.fromkeys(RECORDS.split(), Record)
)


def typed(wire: Json) -> Record:
    """One TypedData from ``{"string": ...}``, ``{"json": ...}``, ``{"bytes": base64}`` or ``{"http": {...}}``."""
    [(kind, value)] = wire.items()
    if kind == "bytes":
        return TypedData(bytes=base64.b64decode(value))
    if kind == "http":
        body = typed(value["body"]) if value.get("body") else TypedData()
        return TypedData(http=Record(**{**value, "body": body}))
    return TypedData(**{kind: value})


def answer_of(result: Any, failure: str) -> Json:
    """The outcome of an invocation as JSON."""
    if result is None or failure:
        return {"failure": failure}
    http = getattr(result, "http", None)
    if http is None:
        return {"failure": "", "value": next(iter(vars(result).values()))}
    body = base64.b64encode(http.body.bytes).decode()
    return {"failure": "", "status": http.status_code, "headers": dict(http.headers), "body": body}


async def serve(folder: str) -> None:
    """Index, then invoke until standard input ends; invocations of one line run together."""
    runtime: Any = importlib.import_module("azure_functions_runtime")

    runtime.start_threadpool_executor()
    start = Record(worker_init_request=Record(capabilities={}, function_app_directory=folder))
    properties = {"host": "127.0.0.1", "protos": PROTOS}
    init = await runtime.worker_init_request(Record(request=start, properties=properties))
    if init.result.status != StatusResult.Success:
        say({"failure": init.result.exception.message})
        return
    found = (await runtime.functions_metadata_request(None)).function_metadata_results
    ids = {one.name: one.function_id for one in found}
    say({"functions": {one.name: [json.loads(raw) for raw in one.raw_bindings] for one in found}, "used": used()})
    while line := await asyncio.to_thread(sys.stdin.readline):
        began = time.monotonic()
        orders = json.loads(line)
        clock = Clock()
        ticking = asyncio.create_task(clock.tick())
        ended = await asyncio.gather(
            *(timed(began + order["after"], invoke(runtime, ids, order), clock) for order in orders)
        )
        ticking.cancel()
        outcomes, seconds, meanwhile = zip(*ended, strict=True)
        say({"outcomes": outcomes, "seconds": seconds, "meanwhile": meanwhile, "used": used()})


async def timed(due: float, invocation: Awaitable[Json], clock: Clock) -> tuple[Json, float, float]:
    """The outcome of an invocation that is asked for then, how many seconds later it came, and how many of CPU this
    process used meanwhile."""
    await asyncio.sleep(max(0.0, due - time.monotonic()))
    outcome = await invocation
    return outcome, time.monotonic() - due, time.process_time() - clock.cpu_at(due)


class Clock:
    """What this process had used when: what an answer waits for where nobody else wants the machine.

    Looked at as often as the event loop lets it: before a time at which the loop was held up, never after.
    """

    def __init__(self) -> None:
        self._looks = [(time.monotonic(), time.process_time())]

    async def tick(self) -> None:
        """Look, until cancelled."""
        while True:
            self._looks.append((time.monotonic(), time.process_time()))
            await asyncio.sleep(0.002)

    def cpu_at(self, moment: float) -> float:
        """Seconds of CPU at the last look before then."""
        return self._looks[max(0, bisect(self._looks, (moment, 0.0)) - 1)][1]


def used() -> Json:
    """What this process has used until now: seconds of CPU, and MiB of memory at most."""
    return {"cpu_seconds": time.process_time(), "rss_mib": most_memory()}


async def invoke(runtime: Any, ids: dict[str, str], order: Json) -> Json:
    """One invocation request."""
    request = Record(
        invocation_id="1",
        function_id=ids[order["function"]],
        trace_context=Record(trace_parent="", trace_state="", attributes={}),
        retry_context=Record(retry_count=0, max_retry_count=0, exception=None),
        input_data=[InputData(order["parameter"], typed(order["input"]))],
        trigger_metadata={name: typed(value) for name, value in order.get("metadata", {}).items()},
    )
    answer = await runtime.invocation_request(Record(request=Record(invocation_request=request)))
    failed = answer.result.status != StatusResult.Success
    failure = answer.result.exception.message if failed else ""
    return answer_of(getattr(answer, "return_value", None), failure)


class InputData:
    """A parameter with its value."""

    def __init__(self, name: str, data: Record) -> None:
        self.name = name
        self.data = data

    def WhichOneof(self, group: str) -> str:
        """Values always come in the message, never in shared memory."""
        return "data"


def say(answer: Any) -> None:
    """One line out."""
    sys.__stdout__.write(json.dumps(answer) + "\n")  # type: ignore[union-attr]
    sys.__stdout__.flush()  # type: ignore[union-attr]


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    asyncio.run(serve(sys.argv[1]))
