"""Who takes part in a run: eight people, seven conversations, ten who write, twenty-odd devices that listen."""
from __future__ import annotations

import asyncio
import dataclasses
import time
from typing import Any, Awaitable, Callable

from evidence import Change
from listeners import Listener
from senders import RestSender, WindowSender
from wire import Doors, ManyDoors, Rest, Run

PEOPLE = ["anna", "ben", "cleo", "dora", "emil", "fay", "gus", "hana"]
COMERS = ["gus", "hana"]   # who come to and go from the first group


async def until(what: Callable[[], bool], within: float) -> bool:
    end = time.monotonic() + within
    while not what():
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.02)
    return True


@dataclasses.dataclass
class Conversation:
    id: str
    type: str
    owner: str
    members: list[str]   # at its creation, with the owner


class World:
    """`straight`: the doors for what is not part of the test's load; a man in the middle does not stand there."""

    def __init__(self, run: Run, straight: Doors | ManyDoors):
        self.run = run
        self.rest = {user: Rest(straight, user, run.evidence) for user in PEOPLE}
        self.first_cursors: dict[str, str] = {}   # from before anything was there
        self.conversations: list[Conversation] = []
        self.senders: list[WindowSender | RestSender] = []
        self.listeners: list[Listener] = []
        self._listening: list[asyncio.Task] = []
        self._writing: list[asyncio.Task] = []   # and all else that ends when there is nothing more to do

    async def aclose(self) -> None:
        tasks = [*self._listening, *self._writing]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for rest in self.rest.values():
            await rest.http.aclose()

    # ---- before the storm

    async def build(self) -> None:
        for user in PEOPLE:
            self.first_cursors[user] = (await self.rest[user].get("/v1/sync"))["cursor"]
        anna_ben = await self._create("direct", "anna", "ben")
        cleo_dora = await self._create("direct", "cleo", "dora")
        emil_fay = await self._create("direct", "emil", "fay")
        hana_anna = await self._create("direct", "hana", "anna")
        group = await self._create("group", "anna", "ben", "cleo", "dora", "emil")   # and those who come and go
        crowd = await self._create("group", "cleo", *(user for user in PEOPLE if user != "cleo"))
        channel = await self._create("channel", "dora", *(user for user in PEOPLE if user not in ("dora", "ben")))
        self.group = group
        for user, where in [("anna", [anna_ben, group]), ("ben", [anna_ben, group, crowd]), ("cleo", [cleo_dora, crowd]),
                            ("dora", [channel, cleo_dora]), ("emil", [emil_fay, group, crowd]), ("fay", [emil_fay])]:
            self.senders.append(WindowSender(self.run, f"{user}-writes", user, [one.id for one in where]))
        for user, where in [("hana", [hana_anna, crowd]), ("gus", [crowd]), ("anna", [hana_anna, group])]:
            self.senders.append(RestSender(self.run, f"{user}-posts", user, [one.id for one in where]))
        for number, user in enumerate(PEOPLE):
            self._listener(f"{user}/phone", user, reads=0.06)
            self._listener(f"{user}/laptop", user)
            if number % 3 == 0:
                self._listener(f"{user}/tablet", user, reads=0.02)

    async def _create(self, type_: str, owner: str, *others: str) -> Conversation:
        name = {} if type_ == "direct" else {"name": f"{type_} of {owner}"}
        answer = await self.rest[owner].call("POST", "/v1/conversations", json={"type": type_, "members": list(others), **name})
        assert answer.status_code == 201, answer.text
        conversation = Conversation(answer.json()["id"], type_, owner, [owner, *others])
        self.conversations.append(conversation)
        self.run.evidence.members[conversation.id] = set(conversation.members)
        return conversation

    def _listener(self, name: str, user: str, reads: float = 0.0) -> Listener:
        listener = Listener(self.run, name, user, reads)
        # All that has happened yet is seq 1, the creation: it may or may not be after the cursor of now.
        listener.device.floors = {conversation.id: 2 for conversation in self.conversations}
        self.listeners.append(listener)
        return listener

    async def begin(self) -> None:
        """Everybody listens before anybody speaks."""
        self._listening += [asyncio.create_task(listener.stay_connected()) for listener in self.listeners]
        for listener in self.listeners:
            await asyncio.wait_for(listener.ready.wait(), 20)
        self._writing += [asyncio.create_task(sender.stay_connected()) for sender in self.senders]
        self._writing.append(asyncio.create_task(self._come_and_go()))
        self._writing += [asyncio.create_task(self._come_late(user)) for user in ("ben", "emil", "hana")]

    async def _come_late(self, user: str) -> None:
        """A new device, in the middle of it."""
        chance = self.run.chance(f"{user}/late")
        await asyncio.sleep(chance.uniform(0.5, 5))
        if self.run.stopping.is_set():
            return
        late = Listener(self.run, f"{user}/late", user)
        late.device.born = float("inf")   # until it is welcomed, nothing is promised to it
        self._listening.append(asyncio.create_task(late.stay_connected()))
        self.listeners.append(late)
        await late.ready.wait()
        late.device.born = time.monotonic()

    async def _come_and_go(self) -> None:
        chance = self.run.chance("comers")
        owner, members = self.rest[self.group.owner], f"/v1/conversations/{self.group.id}/members"
        present = {user: False for user in COMERS}
        while not self.run.stopping.is_set():
            await asyncio.sleep(chance.uniform(0.05, 0.6))
            user = chance.choice(COMERS)
            if present[user]:
                await self._change(owner.call("DELETE", f"{members}/{user}"), {204, 404}, user, False)   # 404: already, before a cut
            else:
                await self._change(owner.call("POST", members, json={"user_id": user}), {200, 201, 409}, user, True)
            present[user] = not present[user]

    async def _change(self, call: Awaitable[Any], good: set[int], user: str, present: bool) -> None:
        asked = time.monotonic()
        answer = await call
        if answer.status_code in good:
            self.run.evidence.changes.append(Change(self.group.id, user, present, asked, time.monotonic()))
            self.run.count("members added" if present else "members removed")
        else:
            self.run.evidence.complain("refused", f"{'add' if present else 'remove'} {user}: {answer.status_code} {answer.text}")

    # ---- after the storm

    async def settle(self) -> None:
        """Everybody finishes what they have begun."""
        self.run.stopping.set()
        await self._end_of(self._writing, 30)
        for listener in self.listeners:
            listener.steady = True
        if not await until(lambda: not any(listener.to_read for listener in self.listeners), 15):
            late = [f"{listener.name} {listener.to_read}" for listener in self.listeners if listener.to_read]
            self.run.evidence.complain("stuck", f"reading was not acknowledged: {late}")

    async def _end_of(self, tasks: list[asyncio.Task], within: float) -> None:
        done, late = await asyncio.wait(tasks, timeout=within)
        if late:
            self.run.evidence.complain("stuck", f"{len(late)} clients were not done within {within:g} s")
        for task in done:
            task.result()

    async def resume_once_more(self) -> None:
        """All devices hang up and come back: whatever was still missing comes now."""
        before = {listener.name: listener.connection for listener in self.listeners}
        for listener in self.listeners:
            listener.cut()
        back = await until(lambda: all(one.synced > before[one.name] for one in self.listeners), 20)
        if not back:
            away = [one.name for one in self.listeners if one.synced <= before[one.name]]
            self.run.evidence.complain("stuck", f"no synced within 20 s for {away}")

    async def hang_up(self) -> None:
        for listener in self.listeners:
            listener.closing.set()
        await self._end_of(self._listening, 10)
