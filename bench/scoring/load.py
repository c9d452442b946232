"""Sends bodies over connections that stay open, as fast as answers come, and checks each answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import orjson

from features.errors import CrossflagError

Check = Callable[[bytes, Any], bool]
"""Given the body that was sent and the answer's JSON: whether it is right."""


def send(
    port: int, path: str, headers: str, bodies: Sequence[bytes], senders: int, check: Check
) -> list[float]:
    """Send every body once and return the seconds that each took.

    Raises CrossflagError with the first answer that is not right. Answers are checked afterwards,
    so that checking delays no request.
    """
    return asyncio.run(_send(port, path, headers, bodies, senders, check))


async def _send(
    port: int, path: str, headers: str, bodies: Sequence[bytes], senders: int, check: Check
) -> list[float]:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{headers}"
        f"Content-Type: application/json\r\nContent-Length: "
    )
    requests = [f"{head}{len(body)}\r\n\r\n".encode() + body for body in bodies]
    waiting = iter(enumerate(requests))
    answers: list[tuple[int, bytes]] = []
    taken: list[float] = []
    try:
        await asyncio.gather(
            *(_sender(port, waiting, answers, taken) for _ in range(min(senders, len(requests))))
        )
    except (OSError, asyncio.IncompleteReadError) as error:
        raise CrossflagError(f"the server at port {port} hung up: {error}") from error
    for number, answer in answers:
        if not check(bodies[number], orjson.loads(answer)):
            raise CrossflagError(f"a wrong answer from {path}: {answer[:500].decode()}")
    return taken


async def _sender(
    port: int,
    requests: Iterator[tuple[int, bytes]],
    answers: list[tuple[int, bytes]],
    taken: list[float],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number, request in requests:
            start = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            answer = await reader.readexactly(length)
            taken.append(time.perf_counter() - start)
            if not head.startswith(b"HTTP/1.1 200"):
                raise CrossflagError(f"answer {head[:12].decode()}: {answer[:500].decode()}")
            answers.append((number, answer))
    finally:
        writer.close()
