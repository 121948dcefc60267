"""What happens to links, and how long it takes afterwards until everything is as it should be."""
from __future__ import annotations

import asyncio
import collections
import itertools
import random
import time
from typing import Any, Callable, Iterator

import settings
from evidence import Send
from target import BUSES, MACHINES, NETWORKS, Target
from wire import Client, Doors, Run
from world import COMERS, World, until

A_ROUND = 3                    # troubles before each kill
RECOVERED_WITHIN = 20.0        # from the healing until everything is as before
ACKNOWLEDGED_UNTIL = 0.5       # what was under way when the database was cut off is acknowledged by then
BRIEF, LONG = ((0.5, 3.0), (5.0, 12.0)) if settings.LONG else ((0.5, 2.5), (5.0, 7.5))
OFFLINE_IS_SAID = 6.0          # of a node that has been silent for 3 s, with a beat, and what a slow machine adds

NODE, BUS, DATABASE, SLOW, BUS_HOST, DATABASE_HOST = KINDS = [
    "a node cut off from everything", "a node cut off from the bus", "a node cut off from the database", "a node with a slow link",
    "the bus cut off from everybody", "the database cut off from everybody"]


def links_of(kind: str, node: str, chance: random.Random) -> list[tuple[str, str]]:
    return {NODE: [(node, network) for network in NETWORKS], BUS: [(node, "bus")], DATABASE: [(node, "store")],
            SLOW: [(node, chance.choice(list(NETWORKS)))], BUS_HOST: [("bus", "bus")], DATABASE_HOST: [("store", "store")]}[kind]


class Witness(Client):
    """Stays with one node and watches who is with the others."""

    def __init__(self, run: Run, gate: Doors, names: list[str]):
        super().__init__(run, names[gate.node], names[gate.node])
        self.gate, self.others = gate, [name for name in names if name != self.user]
        self.seen: dict[str, str] = {}     # in this connection
        self.said_offline: dict[str, float] = {}

    def finished(self) -> bool:
        return False

    def _choose_doors(self) -> Doors:
        return self.gate

    async def act(self) -> None:
        self.seen.clear()
        await self.say("presence.watch", {"users": self.others}, "watch")
        while not self.waits_too_long():
            await asyncio.sleep(0.05)

    def answered(self, about: Any, data: dict[str, Any]) -> None:
        for one in data["items"]:
            self._is(one["user_id"], one["status"])

    def refused(self, about: Any, error: dict[str, Any]) -> None:
        self.cut()   # and again

    def heard(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "presence.changed":
            self._is(frame["data"]["user_id"], frame["data"]["status"])

    def _is(self, user: str, status: str) -> None:
        self.seen[user] = status
        if status == "offline":
            self.said_offline[user] = time.monotonic()

    def sees_everybody(self) -> bool:
        return all(self.seen.get(other) == "online" for other in self.others)


class Witnesses:
    """Brings trouble to the links, and measures."""

    def __init__(self, run: Run, target: Target):
        self.run, self.target = run, target
        self.chance = run.chance("links")
        self.longest: dict[str, float] = {}
        names = [f"witness-{machine}" for machine in MACHINES]
        self.all = [Witness(run, gate, names) for gate in target.gates]
        self._tasks: list[asyncio.Task] = []
        self._kinds = self._in_turn()

    async def __aenter__(self) -> "Witnesses":
        self._tasks = [asyncio.create_task(witness.stay_connected()) for witness in self.all]
        return self

    async def __aexit__(self, *_: Any) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _in_turn(self) -> Iterator[tuple[str, bool]]:
        """All kinds in two rounds, or in a round with each bus; one of three is long, each of them in its turn."""
        kinds = list(KINDS)
        self.chance.shuffle(kinds)
        for number in itertools.count(A_ROUND * list(BUSES).index(self.target.store.split()[-1])):
            yield kinds[number % len(KINDS)], number % A_ROUND == number // len(KINDS) % A_ROUND

    async def trouble_links(self, world: World) -> None:
        await until(lambda: all(witness.sees_everybody() for witness in self.all), RECOVERED_WITHIN)
        for kind, is_long in itertools.islice(self._kinds, A_ROUND):
            await self._trouble(world, kind, self.chance.uniform(*(LONG if is_long else BRIEF)))

    async def _trouble(self, world: World, kind: str, seconds: float) -> None:
        node = self.chance.choice(MACHINES)
        links = links_of(kind, node, self.chance)
        began = time.monotonic()
        await (self.target.slow if kind == SLOW else self.target.cut)(links)
        self.run.count("links in trouble")
        is_cut = time.monotonic()
        await asyncio.sleep(seconds)
        healing = time.monotonic()
        await self.target.heal(links)
        healed = time.monotonic()
        if kind in (DATABASE, DATABASE_HOST, NODE):
            self._nothing_was_acknowledged(None if kind == DATABASE_HOST else MACHINES.index(node), is_cut, healing)
        await self._everything_is_as_before(world, kind, healed)
        self._how_late(kind, began, healed)
        if kind in (NODE, BUS) and seconds > OFFLINE_IS_SAID:
            self._offline_was_said(kind, f"witness-{node}", is_cut, healing)
        self.target.note("all is well again")

    # ---- what is measured

    def _note(self, what: str, seconds: float) -> None:
        self.longest[what] = max(seconds, self.longest.get(what, 0.0))

    def _nothing_was_acknowledged(self, node: int | None, is_cut: float, healing: float) -> None:
        for send in self.run.evidence.sends:
            if is_cut + ACKNOWLEDGED_UNTIL < send.acked_at < healing and node in (None, send.acked_by):
                self.run.evidence.complain("lost", f"{send.key} was acknowledged by a node that had been cut off from the database "
                                                   f"for {send.acked_at - is_cut:.2f} s")

    async def _everything_is_as_before(self, world: World, kind: str, healed: float) -> None:
        undone = [send for send in self.run.evidence.sends if not send.acks]
        told = acknowledged_upto(self.run.evidence.sends)

        def nobody_waits() -> bool:
            undone[:] = [send for send in undone if not send.acks]
            return not undone

        def everybody_has_it() -> bool:
            return all(one.highest.get(conversation.id, 0) >= told[conversation.id] for one in world.listeners if one.device.born is None
                       for conversation in world.conversations if one.user in conversation.members and one.user not in COMERS)

        await asyncio.gather(
            self._measure(f"{kind}: from its end until what was refused is acknowledged", healed, nobody_waits),
            self._measure(f"{kind}: from its end until everybody has what was acknowledged", healed, everybody_has_it),
            self._measure(f"{kind}: from its end until presence is right", healed,
                          lambda: all(witness.sees_everybody() for witness in self.all)))

    async def _measure(self, what: str, since: float, is_so: Callable[[], bool]) -> None:
        if await until(is_so, RECOVERED_WITHIN):
            self._note(what, time.monotonic() - since)
        else:
            seen = {witness.user: witness.seen for witness in self.all}
            self.run.evidence.complain("stuck", f"{what}: not within {RECOVERED_WITHIN:g} s ({seen})")

    def _how_late(self, kind: str, began: float, ended: float) -> None:
        acked = {send.acks[0].id: send.acked_at for send in self.run.evidence.sends if send.acks and began < send.acked_at < ended}
        for device in self.run.evidence.devices:
            for delivery in reversed(device.deliveries):
                if delivery.at < began:
                    break
                message = delivery.event.what.partition(" ")[0]
                if delivery.live and message in acked:
                    self._note(f"{kind}: from an acknowledgement to a live delivery, meanwhile", delivery.at - acked[message])

    def _offline_was_said(self, kind: str, who: str, is_cut: float, healing: float) -> None:
        """By the two others, of somebody whose node they do not hear."""
        for witness in self.all:
            at = witness.said_offline.get(who, 0.0)
            if witness.user != who and not is_cut < at < healing:
                self.run.evidence.complain("stuck", f"{witness.user} was not told within {healing - is_cut:.1f} s that {who} is gone")
            elif witness.user != who:
                self._note(f"{kind}: until its people are offline for the others", at - is_cut)


def acknowledged_upto(sends: list[Send]) -> dict[str, int]:
    upto: dict[str, int] = collections.defaultdict(int)
    for send in sends:
        if send.acks:
            upto[send.conversation] = max(upto[send.conversation], send.acks[0].seq)
    return upto
