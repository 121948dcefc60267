"""Many people who stay connected and send steadily, as good clients do, while nodes behind a proxy come and go.

    async with Fleet(proxy.url, proxy.websocket_url, people=200) as fleet:
        await fleet.work(5)                  quiet
        began = time.monotonic(); …          whatever is done to the nodes, meanwhile
        await fleet.finish()
        assert not fleet.findings()          nothing lost, nothing twice, one order
        fleet.times(began, until)            what a send took from when it was due until it was acknowledged

Each has one device. It comes back with its cursor: when `drain` tells it a moment, at that moment; when it is cut off, at once,
and then after pauses that grow, by chance. What was not acknowledged is sent again with the same client_id.
"""
from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import random
import time
from typing import Any, Awaitable, Callable

import httpx
import jwt
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

import services

ANSWER_WITHIN = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
TRY_AGAIN = (0.05, 0.15)      # after a refusal that says "not now"
CUT_OFF = (OSError, EOFError, WebSocketException, asyncio.TimeoutError)


@dataclasses.dataclass
class Send:
    key: str
    conversation: str
    due: float
    acked: float = 0.0
    seq: int = 0
    tries: int = 0


class Member:
    def __init__(self, fleet: "Fleet", name: str):
        self.fleet, self.name = fleet, name
        self.chance = random.Random(f"{fleet.seed}/{name}")
        self.conversations: list[str] = []
        self.cursor: str | None = None
        self.received: dict[str, list[tuple[int, str]]] = {}   # by conversation: seq and client_id, as they came
        self.waiting: dict[str, Send] = {}                     # not acknowledged
        self.ws: ClientConnection | None = None                # said hello to, and caught up
        self.gone_at = 0.0
        self._numbers = itertools.count(1)

    @property
    def token(self) -> str:
        now = int(time.time())
        return jwt.encode({"sub": self.name, "iat": now, "exp": now + 3600}, services.JWT_SECRET, algorithm="HS256")

    # ---- the connection

    async def stay_connected(self) -> None:
        pause = 0.0
        while True:
            if await self._connect_once():
                pause = 0.0
                continue
            await asyncio.sleep(self.chance.uniform(0, pause))
            pause = min(LONGEST_PAUSE, 2 * pause or FIRST_PAUSE)

    async def _connect_once(self) -> bool:
        """True: it was good for something, so the next one may follow at once."""
        try:
            async with connect(f"{self.fleet.websocket_url}/v1/ws", additional_headers={"Authorization": f"Bearer {self.token}"},
                               subprotocols=["parley.v1"], compression=None, open_timeout=ANSWER_WITHIN, max_size=None,
                               ping_interval=None, close_timeout=1, proxy=None) as ws:
                await ws.send(json.dumps({"id": "hello", "type": "hello", "data": {"cursor": self.cursor} if self.cursor else {}}))
                return await self._listen(ws)
        except CUT_OFF:
            self.fleet.count("connections that did not come about")
            return False

    async def _listen(self, ws: ClientConnection) -> bool:
        leaving = None
        try:
            async for raw in ws:
                if '"presence.changed"' in raw:
                    continue   # the most frequent one when people come and go, and nobody here wants to know
                frame = json.loads(raw)
                if frame["type"] == "drain":
                    self.fleet.count("told to move")
                    leaving = later(frame["data"]["reconnect_in_ms"] / 1000, ws.close)
                else:
                    await self._heard(ws, frame)
        except CUT_OFF:
            self.fleet.count("cut off")
        if leaving:
            leaving.cancel()
        was_there = self.ws is not None
        self.ws = None
        self.gone_at = time.monotonic()
        return was_there

    async def _heard(self, ws: ClientConnection, frame: dict[str, Any]) -> None:
        kind, about = frame["type"], frame.get("ref")
        if kind in ("ok", "error") and about == "hello":
            if kind == "error":
                self.fleet.complain(f"{self.name}: hello was refused: {frame['error']}")
                await ws.close()
            elif self.cursor is None:
                self.cursor = frame["data"]["cursor"]
                await self._is_back(ws)
        elif kind == "synced":
            self.cursor = frame["cursor"]
            await self._is_back(ws)
        elif kind == "ok":
            self._acknowledged(about, frame["data"])
        elif kind == "error":
            self._refused(about, frame["error"])
        elif "seq" in frame:
            self.cursor = frame["cursor"]
            if kind == "message.created":
                self.received.setdefault(frame["conversation_id"], []).append((frame["seq"], frame["data"]["client_id"]))

    async def _is_back(self, ws: ClientConnection) -> None:
        self.ws = ws
        if self.gone_at:
            self.fleet.away.append((self.gone_at, time.monotonic()))
        for send in list(self.waiting.values()):
            await self._try(send)

    # ---- what it sends

    async def keep_sending(self) -> None:
        """At its times, whether it is connected or not: who waits for a connection waits for the answer, too."""
        due = time.monotonic() + self.chance.uniform(0, self.fleet.every)
        while True:
            await asyncio.sleep(max(0, due - time.monotonic()))
            if self.fleet.finishing:
                return
            send = Send(f"{self.name}-{next(self._numbers)}", self.chance.choice(self.conversations), due)
            self.waiting[send.key] = send
            self.fleet.sends.append(send)
            await self._try(send)
            due += self.fleet.every

    async def _try(self, send: Send) -> None:
        if self.ws is None:
            return
        send.tries += 1
        try:
            await self.ws.send(json.dumps({"id": send.key, "type": "message.send", "data": {
                "conversation_id": send.conversation, "text": f"this is {send.key}", "client_id": send.key}}))
        except CUT_OFF:
            pass   # its listener notices, too

    def _acknowledged(self, key: str, data: dict[str, Any]) -> None:
        send = self.waiting.pop(key, None)
        if send:
            send.acked, send.seq = time.monotonic(), data["seq"]

    def _refused(self, key: str, error: dict[str, Any]) -> None:
        if error["code"] != "unavailable" or key not in self.waiting:
            return self.fleet.complain(f"{self.name}: {key} was refused: {error}")
        self.fleet.count("sends refused for now")
        later(self.chance.uniform(*TRY_AGAIN), lambda: self._try(self.waiting[key]) if key in self.waiting else None)


class Fleet:
    """`every`: seconds between two sends of one person. Each is in two conversations of `group` people."""

    def __init__(self, url: str, websocket_url: str, people: int = 200, group: int = 5, every: float = 1.0, seed: str = "fleet"):
        self.url, self.websocket_url, self.every, self.seed = url, websocket_url, every, seed
        self.members = [Member(self, f"{seed}-{number}") for number in range(people)]
        self.group = group
        self.sends: list[Send] = []
        self.away: list[tuple[float, float]] = []      # each time that somebody was without a connection
        self.tally: dict[str, int] = {}
        self.finishing = False
        self._complaints: list[str] = []
        self._histories: dict[str, list[tuple[int, str]]] = {}
        self._in: dict[str, list[Member]] = {}
        self._tasks: list[asyncio.Task] = []

    def count(self, what: str) -> None:
        self.tally[what] = self.tally.get(what, 0) + 1

    def complain(self, what: str) -> None:
        self._complaints.append(what)

    async def __aenter__(self) -> "Fleet":
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN, trust_env=False) as http:
            shuffled = random.Random(self.seed).sample(self.members, len(self.members))
            for everybody in (self.members, shuffled):
                for first in range(0, len(everybody), self.group):
                    await self._open(http, everybody[first:first + self.group])
        self._tasks = [asyncio.create_task(member.stay_connected()) for member in self.members]
        if not await self.all_there(60):
            raise services.Failed("not everybody could connect")
        self._tasks += [asyncio.create_task(member.keep_sending()) for member in self.members]
        return self

    async def __aexit__(self, *_: Any) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _open(self, http: httpx.AsyncClient, people: list[Member]) -> None:
        answer = await http.post(f"{self.url}/v1/conversations", headers={"Authorization": f"Bearer {people[0].token}"},
                                 json={"type": "group", "name": "at work", "members": [one.name for one in people[1:]]})
        assert answer.status_code == 201, answer.text
        conversation = answer.json()["id"]
        self._in[conversation] = people
        for one in people:
            one.conversations.append(conversation)

    # ---- while it goes on

    async def all_there(self, within: float) -> bool:
        end = time.monotonic() + within
        while not all(member.ws for member in self.members):
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.01)
        return True

    async def work(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def finish(self) -> None:
        """Nothing new is sent; what is waiting is acknowledged, and then everybody has everything."""
        self.finishing = True
        await self._until(lambda: not any(member.waiting for member in self.members), "every send to be acknowledged")
        async with httpx.AsyncClient(timeout=ANSWER_WITHIN, trust_env=False) as http:
            for conversation, people in self._in.items():
                self._histories[conversation] = await self._history(http, conversation, people[0])
        await self._until(lambda: not self._behind(), "everybody to have everything")

    async def _until(self, what, meaning: str) -> None:
        end = time.monotonic() + 20
        while not what():
            if time.monotonic() > end:
                return self.complain(f"20 s were not enough for {meaning}")
            await asyncio.sleep(0.05)

    async def _history(self, http: httpx.AsyncClient, conversation: str, reader: Member) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        while True:
            answer = await http.get(f"{self.url}/v1/conversations/{conversation}/messages", headers={"Authorization": f"Bearer {reader.token}"},
                                    params={"limit": 200, "after_seq": found[-1][0] if found else 0})
            assert answer.status_code == 200, answer.text
            page = [(message["seq"], message["client_id"]) for message in answer.json()["items"]]
            if not page:
                return found
            found += page

    def _behind(self) -> bool:
        return any(history and (member.received.get(conversation) or [(0, "")])[-1][0] < self._last_of_others(history, member)
                   for conversation, history in self._histories.items() for member in self._in[conversation])

    @staticmethod
    def _last_of_others(history: list[tuple[int, str]], member: Member) -> int:
        return next((seq for seq, key in reversed(history) if not key.startswith(f"{member.name}-")), 0)

    # ---- what came of it

    def findings(self) -> list[str]:
        """After finish(): what is wrong."""
        found = list(self._complaints)
        for conversation, history in self._histories.items():
            found += self._of_history(conversation, history)
            for member in self._in[conversation]:
                found += self._of_device(conversation, dict(history), member)
        return found

    def _of_history(self, conversation: str, history: list[tuple[int, str]]) -> list[str]:
        found, by_key = [], {key: seq for seq, key in history}
        if [seq for seq, _ in history] != list(range(2, len(history) + 2)):   # 1 is its creation
            found.append(f"{conversation}: seq is not 2, 3, 4 …")
        if len(by_key) != len(history):
            found.append(f"{conversation}: {len(history) - len(by_key)} messages are there twice")
        mine = [send for send in self.sends if send.conversation == conversation]
        found += [f"{send.key} was acknowledged as {send.seq} and is at {by_key.get(send.key)}"
                  for send in mine if send.acked and by_key.get(send.key) != send.seq]
        return found + [f"{key} was sent by nobody" for key in by_key.keys() - {send.key for send in mine}]

    @staticmethod
    def _of_device(conversation: str, history: dict[int, str], member: Member) -> list[str]:
        found, got = [], member.received.get(conversation, [])
        seqs = [seq for seq, _ in got]
        if any(later <= earlier for earlier, later in zip(seqs, seqs[1:])):
            found.append(f"{member.name} received something twice, or out of order, in {conversation}")
        if any(history.get(seq) != key for seq, key in got):
            found.append(f"{member.name} received what is not in the history of {conversation}")
        missing = [seq for seq, key in history.items() if seq not in set(seqs) and not key.startswith(f"{member.name}-")]
        return found + ([f"{member.name} never received {missing[:5]} of {conversation}"] if missing else [])

    def times(self, since: float, until: float) -> list[float]:
        """Seconds, sorted: from when each send of that time was due until it was acknowledged."""
        return sorted(send.acked - send.due for send in self.sends if since <= send.due < until and send.acked)


def later(seconds: float, what: Callable[[], Awaitable[None] | None]) -> asyncio.TimerHandle:
    def run() -> None:
        if begun := what():
            asyncio.ensure_future(begun)
    return asyncio.get_running_loop().call_later(seconds, run)


def share(sorted_times: list[float], part: float) -> float:
    return sorted_times[min(len(sorted_times) - 1, int(part * len(sorted_times)))] if sorted_times else 0.0
