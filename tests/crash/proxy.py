"""A man in the middle, for WebSocket and HTTP, who shows that the test can fail.

Always: now and then it takes an acknowledgement away and cuts the connection, as a network does; that breaks no promise.
On purpose, each off unless asked for:
  new_key_for_a_retry  the second time it sees a client_id it replaces it by a new one: idempotency is broken
  swallows             of so many resumes it drops the last event before `synced`: the resume is broken
"""
from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import itertools
import json
import re
from typing import Any
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

import services
from wire import Doors

LOSES_EVERY = 25   # of the acknowledgements


@dataclasses.dataclass
class Line:
    """One client's WebSocket and ours to the server."""
    client: ServerConnection
    server: ClientConnection
    sends: set[str] = dataclasses.field(default_factory=set)   # the refs of its message.send
    device: str = ""
    missed: list[dict[str, Any]] | None = None   # what has come since hello; None: `synced` has come, or never will


class Proxy:
    def __init__(self, target: Doors, *, new_key_for_a_retry: bool = False, swallows: int = 0):
        self.target, self.new_key_for_a_retry, self.swallows = target, new_key_for_a_retry, swallows
        self.doors = Doors(f"http://127.0.0.1:{services.free_port()}", f"ws://127.0.0.1:{services.free_port()}", target.secret)
        self.keys_replaced = self.answers_lost = 0
        self.swallowed: list[tuple[str, str, int]] = []   # device, conversation, seq
        self._keys_seen: set[str] = set()
        self._acknowledgements = itertools.count(1)
        self._requests: set[asyncio.Task] = set()
        self._stack = contextlib.AsyncExitStack()

    async def __aenter__(self) -> "Proxy":
        web, http = urlsplit(self.doors.websocket), urlsplit(self.doors.rest)
        await self._stack.enter_async_context(
            serve(self._websocket, web.hostname, web.port, subprotocols=["parley.v1"], compression=None, max_size=None, ping_interval=None))
        await self._stack.enter_async_context(await asyncio.start_server(self._http, http.hostname, http.port))
        return self

    async def __aexit__(self, *_: Any) -> None:
        for request in self._requests:
            request.cancel()
        await self._stack.aclose()

    # ---- what it changes

    def _key(self, body: dict[str, Any]) -> None:
        key = body.get("client_id")
        if self.new_key_for_a_retry and key in self._keys_seen:
            self.keys_replaced += 1
            body["client_id"] = f"{key}~{self.keys_replaced}"
        self._keys_seen.add(key)

    def _loses_this_acknowledgement(self) -> bool:
        lost = next(self._acknowledgements) % LOSES_EVERY == 0
        self.answers_lost += lost
        return lost

    # ---- WebSocket

    async def _websocket(self, client: ServerConnection) -> None:
        try:
            async with connect(self.target.websocket + client.request.path, subprotocols=["parley.v1"], compression=None, max_size=None,
                               additional_headers={"Authorization": client.request.headers["Authorization"]},
                               ping_interval=None, proxy=None) as server:
                line = Line(client, server)
                ways = [asyncio.create_task(self._up(line)), asyncio.create_task(self._down(line))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
                server.transport.abort()
        except (OSError, WebSocketException, TimeoutError):
            pass
        client.transport.abort()

    async def _up(self, line: Line) -> None:
        async for raw in line.client:
            frame = json.loads(raw)
            if frame["type"] == "message.send":
                line.sends.add(frame["id"])
                self._key(frame["data"])
            elif frame["type"] == "hello":
                line.device = frame["data"].get("device_id", "")
                line.missed = [] if "cursor" in frame["data"] else None
            await line.server.send(json.dumps(frame))

    async def _down(self, line: Line) -> None:
        async for raw in line.server:
            frame = json.loads(raw)
            if frame["type"] == "ok" and frame["ref"] in line.sends and self._loses_this_acknowledgement():
                return
            if line.missed is None or frame["type"] in ("ok", "error"):
                await line.client.send(raw)
                continue
            line.missed.append(frame)
            if frame["type"] == "synced":
                await self._hand_over_what_was_missed(line)

    async def _hand_over_what_was_missed(self, line: Line) -> None:
        missed, line.missed = line.missed, None
        last = next((frame for frame in reversed(missed) if "seq" in frame), None)
        if len(self.swallowed) < self.swallows and last and last["type"] == "message.created":
            missed.remove(last)
            self.swallowed.append((line.device, last["conversation_id"], last["seq"]))
        for frame in missed:
            await line.client.send(json.dumps(frame))

    # ---- HTTP: one request a connection

    async def _http(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._requests.add(asyncio.current_task())
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = re.search(r"(?im)^content-length: *(\d+)", head)
            body = await reader.readexactly(int(length[1])) if length else b""
            sends = head.startswith("POST") and head.split(" ", 2)[1].endswith("/messages")
            if sends:
                document = json.loads(body)
                self._key(document)
                body = json.dumps(document).encode()
            answer = await self._forward(head, body)
            if not (sends and self._loses_this_acknowledgement()):
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            self._requests.discard(asyncio.current_task())
            writer.close()

    async def _forward(self, head: str, body: bytes) -> bytes:
        to = urlsplit(self.target.rest)
        lines = [line for line in head.rstrip().split("\r\n") if not re.match(r"(?i)(content-length|connection):", line)]
        lines += ["Connection: close", f"Content-Length: {len(body)}"]
        reader, writer = await asyncio.open_connection(to.hostname, to.port)
        try:
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
            await writer.drain()
            return await reader.read()
        finally:
            writer.close()
