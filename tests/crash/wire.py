"""The native wire, as the clients of the crash test speak it: they expect to be cut off at any moment, and come back."""
from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import random
import time
from typing import Any, AsyncIterator

import httpx
import jwt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus, WebSocketException

from evidence import Evidence

ANSWER_WITHIN = 10.0   # seconds; a live server, whatever its store does, answers sooner
GIVES_UP_AFTER = 3.0   # a client that hears nothing for so long, not even an answer to its pings, connects elsewhere
PINGS_EVERY = 1.0
CONNECTED_WITHIN = 3.0
PING = "ping"
CUT_OFF = (OSError, EOFError, WebSocketException, asyncio.TimeoutError)
TRY_AGAIN = {"unavailable", "rate_limited"}


@dataclasses.dataclass
class Doors:
    """Where the server is. Through a man in the middle the clients have other doors than the audit afterwards."""
    rest: str
    websocket: str
    secret: str
    node: int = 0
    silent_until: float = 0.0   # the link to it was cut then, so that a missing answer is not its fault

    def for_a_connection(self) -> "Doors":
        return self

    def token(self, user: str) -> str:
        now = int(time.time())
        return jwt.encode({"sub": user, "iat": now, "exp": now + 3600}, self.secret, algorithm="HS256")


class ManyDoors:
    """Of several nodes: each connection goes to any of them."""

    def __init__(self, doors: list[Doors], chance: random.Random):
        self.doors, self.chance = doors, chance

    def for_a_connection(self) -> Doors:
        return self.chance.choice(self.doors)

    def token(self, user: str) -> str:
        return self.doors[0].token(user)


@dataclasses.dataclass
class Run:
    """What all clients of a run share."""
    seed: str
    doors: Doors | ManyDoors
    evidence: Evidence
    links_fail: bool = False   # clients ping, and go elsewhere when nobody answers
    stopping: asyncio.Event = dataclasses.field(default_factory=asyncio.Event)   # nothing new; finish what is begun
    connections: itertools.count = dataclasses.field(default_factory=lambda: itertools.count(1))
    tally: dict[str, int] = dataclasses.field(default_factory=dict)

    def chance(self, name: str) -> random.Random:
        """Each actor's own dice: what one does never changes what another throws."""
        return random.Random(f"{self.seed}/{name}")

    def count(self, what: str) -> None:
        self.tally[what] = self.tally.get(what, 0) + 1

    def acknowledged(self) -> int:
        return self.tally.get("acknowledged at once", 0) + self.tally.get("acknowledged after a retry", 0)


class Client:
    """Somebody who stays connected: after each cut they connect again, say hello, and go on where they were."""

    def __init__(self, run: Run, name: str, user: str):
        self.run, self.name, self.user = run, name, user
        self.chance = run.chance(name)
        self.ws: ClientConnection | None = None
        self.doors: Doors | None = None        # of this connection
        self.connection = 0
        self._heard_at = 0.0
        self.compression = self.chance.choice([None, "deflate"])
        self._refs = itertools.count(1)
        self._said: dict[str, Any] = {}        # what is not answered yet, by ref
        self._said_at: dict[str, float] = {}

    # ---- to be filled in

    def greeting(self) -> dict[str, Any]:
        return {}

    async def act(self) -> None:
        """What it does while connected, once it was welcomed; its end is the end of the connection."""
        raise NotImplementedError

    def welcomed(self, data: dict[str, Any]) -> None: ...
    def answered(self, about: Any, data: dict[str, Any]) -> None: ...
    def refused(self, about: Any, error: dict[str, Any]) -> None: ...
    def heard(self, frame: dict[str, Any]) -> None: ...
    def finished(self) -> bool:
        raise NotImplementedError

    # ---- the connection

    def _choose_doors(self) -> Doors:
        return self.run.doors.for_a_connection()

    async def stay_connected(self) -> None:
        while not self.finished():
            await self.connect_once()
            if not self.finished():
                await asyncio.sleep(self.chance.uniform(0.02, 0.15))

    async def connect_once(self) -> None:
        """One connection, from its handshake to its end, whoever ends it."""
        doors = self.doors = self._choose_doors()
        patience = GIVES_UP_AFTER if self.run.links_fail else ANSWER_WITHIN
        self._said.clear()
        self._said_at.clear()
        try:
            self.ws = await connect(f"{doors.websocket}/v1/ws", additional_headers={"Authorization": f"Bearer {doors.token(self.user)}"},
                                    subprotocols=["parley.v1"], compression=self.compression, open_timeout=patience,
                                    max_size=None, ping_interval=None, proxy=None)
        except InvalidStatus as no:
            if no.response.status_code != 503:
                self.run.evidence.complain("refused", f"{self.name}: the handshake was answered with {no.response.status_code}")
            return
        except CUT_OFF:
            return
        self.connection = next(self.run.connections)
        self._heard_at = time.monotonic()
        self.run.count("connections")
        try:
            await self._talk()
        except CUT_OFF:
            self.run.count("cut off")
        finally:
            self.cut()

    async def _talk(self) -> None:
        greeted = asyncio.Event()
        ends = [asyncio.create_task(self._listen(greeted)), asyncio.create_task(self._act(greeted))]
        if self.run.links_fail:
            ends.append(asyncio.create_task(self._ping(greeted)))
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for end in done:
                end.result()
        finally:
            for end in ends:
                end.cancel()
            await asyncio.gather(*ends, return_exceptions=True)

    async def _act(self, greeted: asyncio.Event) -> None:
        await self.say("hello", self.greeting(), "hello")
        await asyncio.wait_for(greeted.wait(), ANSWER_WITHIN)
        await self.act()

    async def _ping(self, greeted: asyncio.Event) -> None:
        await greeted.wait()
        while True:
            await self.say("ping", {}, PING)
            await asyncio.sleep(PINGS_EVERY)

    async def _listen(self, greeted: asyncio.Event) -> None:
        async for raw in self.ws:
            frame = json.loads(raw)
            self._heard_at = time.monotonic()
            if frame["type"] not in ("ok", "error"):
                self.heard(frame)
                continue
            self._said_at.pop(frame.get("ref"), None)
            about = self._said.pop(frame.get("ref"), None)
            if about is None:
                self.run.evidence.complain("refused", f"{self.name}: an answer to nothing it said: {frame}")
            elif about == PING:
                pass
            elif frame["type"] == "error":
                if about == "hello" and frame["error"]["code"] in TRY_AGAIN:
                    return
                self._refused(about, frame["error"])
                if about == "hello":
                    return
            elif about == "hello":
                self.welcomed(frame["data"])
                greeted.set()
            else:
                self.answered(about, frame["data"])

    def _refused(self, about: Any, error: dict[str, Any]) -> None:
        if error["code"] not in TRY_AGAIN:
            self.run.count(f"refused {error['code']}")
        self.refused(about, error)

    async def say(self, type_: str, data: dict[str, Any], about: Any) -> None:
        """`about` comes back with the answer: to answered() or refused()."""
        ref = f"{type_}-{next(self._refs)}"
        self._said[ref], self._said_at[ref] = about, time.monotonic()
        await self.ws.send(json.dumps({"id": ref, "type": type_, "data": data}))

    def waits_too_long(self) -> bool:
        """Complains, once a connection, about an answer that is overdue."""
        now = time.monotonic()
        if self.doors.silent_until > self._heard_at and now - self._heard_at > GIVES_UP_AFTER:
            self.run.count("silent connections given up")
            return True
        oldest = min(self._said_at, key=self._said_at.get, default=None)
        if oldest is None or now - max(self._said_at[oldest], self.doors.silent_until) < ANSWER_WITHIN:
            return False
        self.run.evidence.complain("stuck", f"{self.name}: {oldest} was not answered within {ANSWER_WITHIN:g} s")
        return True

    def cut(self) -> None:
        """As a phone does in a tunnel: no goodbye."""
        if self.ws is not None:
            self.ws.transport.abort()


class Rest:
    """A user's REST calls; each is tried until there is an answer that is one."""

    def __init__(self, doors: Doors | ManyDoors, user: str, evidence: Evidence):
        self.doors, self.user, self.evidence = doors, user, evidence
        self.asked = 0   # the node that was asked last
        self.http = httpx.AsyncClient(headers={"Authorization": f"Bearer {doors.token(user)}"}, timeout=httpx.Timeout(ANSWER_WITHIN, connect=CONNECTED_WITHIN), trust_env=False)

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.http.aclose()

    async def once(self, method: str, path: str, **kw: Any) -> httpx.Response | None:
        """None: no answer, or one that says to come again."""
        doors, began = self.doors.for_a_connection(), time.monotonic()
        self.asked = doors.node
        try:
            answer = await self.http.request(method, doors.rest + path, **kw)
        except httpx.TimeoutException as late:
            if not isinstance(late, httpx.ConnectTimeout) and doors.silent_until < began:
                self.evidence.complain("stuck", f"{method} {path} was not answered within {ANSWER_WITHIN:g} s")
            return None
        except httpx.TransportError:
            return None
        return None if answer.status_code in (429, 503) else answer

    async def call(self, method: str, path: str, within: float = 60.0, **kw: Any) -> httpx.Response:
        end = time.monotonic() + within
        while time.monotonic() < end:
            answer = await self.once(method, path, **kw)
            if answer is not None:
                return answer
            await asyncio.sleep(0.05)
        raise TimeoutError(f"{method} {path} by {self.user}: no answer within {within:g} s")

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.call("GET", path, params=params)
        if answer.status_code != 200:
            raise AssertionError(f"GET {path} {params} by {self.user}: {answer.status_code} {answer.text}")
        return answer.json()

    async def pages(self, path: str, **params: Any) -> AsyncIterator[dict[str, Any]]:
        """All items of all pages."""
        page = await self.get(path, limit=200, **params)
        while True:
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            page = await self.get(path, limit=200, after=page["next"])
