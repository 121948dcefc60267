"""Those who listen: devices that keep their cursor and come back with it, and some of which read."""
from __future__ import annotations

import asyncio
import collections
import time
from typing import Any

from evidence import Delivery, Device, Read, event_of
from wire import TRY_AGAIN, Client, Run


class Listener(Client):
    """One device of one user. `reads`: how likely it reads up to a message that it has received."""

    def __init__(self, run: Run, name: str, user: str, reads: float = 0.0, cursor: str | None = None):
        super().__init__(run, name, user)
        self.device = Device(name, user)
        run.evidence.devices.append(self.device)
        self.reads = reads
        self.cursor = cursor
        self.resuming = False
        self.closing = asyncio.Event()
        self.ready = asyncio.Event()           # it has been welcomed once
        self.highest: dict[str, int] = {}
        self.unread: dict[str, int] = collections.defaultdict(int)   # as a client counts, without asking
        self.unread_said: dict[str, int] = {}                        # by the server, in this session
        self.to_read: dict[str, int] = {}      # asked for and not acknowledged yet
        self.reading: set[str] = set()
        self.steady = False                    # it hangs up no more by itself
        self.synced = 0                        # the last connection on which it was told so

    def finished(self) -> bool:
        return self.closing.is_set()

    def greeting(self) -> dict[str, Any]:
        self.resuming = self.cursor is not None
        self.unread_said.clear()
        return {"device_id": self.name, **({"cursor": self.cursor} if self.cursor else {})}

    def welcomed(self, data: dict[str, Any]) -> None:
        if self.cursor is None:
            self.cursor = data["cursor"]
        self.ready.set()

    async def act(self) -> None:
        self.reading.clear()
        lifetime = time.monotonic() + (self.chance.uniform(0.0, 2.5) if self.chance.random() < 0.5 and not self.steady else 600)
        while not self.closing.is_set() and time.monotonic() < lifetime and not self.waits_too_long():
            for conversation, seq in [item for item in self.to_read.items() if item[0] not in self.reading]:
                self.reading.add(conversation)
                await self.say("message.read", {"conversation_id": conversation, "seq": seq}, (conversation, seq))
            await asyncio.sleep(0.03)

    def heard(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "synced":
            self.cursor = frame["cursor"]
            self.resuming = False
            self.synced = self.connection
            self.run.count("resumes")
        elif frame["type"] == "unread.updated":
            conversation = frame["data"]["conversation_id"]
            self.unread[conversation] = self.unread_said[conversation] = frame["data"]["unread_count"]
        elif "seq" in frame:
            self._event(frame)

    def _event(self, frame: dict[str, Any]) -> None:
        event = event_of(frame)
        self.device.deliveries.append(Delivery(event, self.connection, not self.resuming, time.monotonic()))
        self.cursor = frame["cursor"]
        self.highest[event.conversation] = max(event.seq, self.highest.get(event.conversation, 0))
        self.run.count("events resumed" if self.resuming else "events live")
        if event.type == "message.created" and frame["data"]["sender_id"] != self.user:
            self.unread[event.conversation] += 1
            if self.chance.random() < self.reads and not self.run.stopping.is_set():
                self.to_read[event.conversation] = event.seq
        elif event.type == "member.removed" and event.what == self.user:
            self.to_read.pop(event.conversation, None)
            self.unread.pop(event.conversation, None)

    def answered(self, about: tuple[str, int], data: dict[str, Any]) -> None:
        conversation, seq = about
        self.run.evidence.reads.append(Read(self.user, conversation, seq))
        self.run.count("reads")
        self.reading.discard(conversation)
        if self.to_read.get(conversation) == seq:
            del self.to_read[conversation]

    def refused(self, about: Any, error: dict[str, Any]) -> None:
        if about == "hello":
            self.run.evidence.complain("refused", f"{self.name}: hello with the cursor it had been given: {error}")
            self.cursor = None
            return
        conversation, _ = about
        self.reading.discard(conversation)
        if error["code"] in TRY_AGAIN:
            return
        self.to_read.pop(conversation, None)
        if error["code"] not in ("not_found", "not_member"):   # it may have been removed meanwhile
            self.run.evidence.complain("refused", f"{self.name}: reading {about}: {error}")
