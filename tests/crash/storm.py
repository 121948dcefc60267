"""One run: the clients at work, the server (and its database) killed again and again, then the audit."""
from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
import random
import tempfile
import time
from typing import Callable

import services
import troubles
from audit import audit
from checker import check
from evidence import Evidence, Violation
from power import PowerLoss
from proxy import Proxy
from target import Target
from wire import Doors, ManyDoors, Run
from world import World, until

SECONDS_A_ROUND = 20.0    # far more than one takes; a run that needs longer hangs
SECONDS_BESIDES = 120.0
SECONDS_A_TROUBLE = 40.0
ACKNOWLEDGED_A_ROUND = 30   # messages; a kill before anything has happened proves nothing


@dataclasses.dataclass
class Plan:
    binary: pathlib.Path
    store: str                     # sqlite, postgres, mongo, or several nodes over a bus and PostgreSQL
    seed: str
    rounds: int
    power_loss: bool = False       # kill -9 also takes what was not synced (sqlite)
    sync_broken: bool = False
    through: Callable[[Doors], Proxy] | None = None   # a man in the middle, for the clients but not for the audit


@dataclasses.dataclass
class Outcome:
    plan: Plan
    violations: list[Violation]
    tally: dict[str, int]
    story: list[str]
    server_log: str
    seconds: float
    proxy: Proxy | None
    longest: dict[str, float] = dataclasses.field(default_factory=dict)   # what took how long, with links in trouble

    @property
    def kinds(self) -> set[str]:
        return {violation.kind for violation in self.violations}

    def __str__(self) -> str:
        """All that is needed to understand a failure, the same run's seed first."""
        shown = [f"  {violation}" for violation in self.violations[:25]]
        more = len(self.violations) - len(shown)
        return "\n".join([
            f"CRASH_SEED={self.plan.seed} CRASH_ROUNDS={self.plan.rounds} CRASH_STORE={self.plan.store}",
            f"{len(self.violations)} violations in {self.seconds:.1f} s", *shown, *([f"  … and {more} more"] if more > 0 else []),
            "What was done:", *(f"  {line}" for line in self.story),
            *(["The longest:"] if self.longest else []), *(f"  {time_:6.2f} s  {what}" for what, time_ in sorted(self.longest.items())),
            "What was counted:", *(f"  {count:6} {what}" for what, count in sorted(self.tally.items())),
            *(["The server's log ends with:", self.server_log] if self.violations else [])])


async def run(plan: Plan) -> Outcome:
    began = time.monotonic()
    evidence = Evidence()
    async with contextlib.AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-crash-"))
        power = PowerLoss(pathlib.Path(folder)) if plan.power_loss else None
        target = await stack.enter_async_context(Target(plan.binary, plan.store, evidence, power))
        straight = target.doors(random.Random(f"{plan.seed}/doors"))
        proxy = await stack.enter_async_context(plan.through(straight)) if plan.through else None
        clients = Run(plan.seed, proxy.doors if proxy else straight, evidence, links_fail=target.links is not None)
        witnesses = troubles.Witnesses(clients, target) if target.links else None
        limit = SECONDS_BESIDES + SECONDS_A_ROUND * plan.rounds
        if witnesses:
            limit += troubles.A_ROUND * SECONDS_A_TROUBLE * plan.rounds
        try:
            await asyncio.wait_for(_all_of_it(plan, target, power, clients, straight, witnesses), limit)
        except TimeoutError as late:
            evidence.complain("stuck", str(late) or f"the run was not over after {limit:g} s")
        except services.Failed:
            pass   # the target has complained already
        target.notice_a_death()
        violations = check(evidence) if evidence.logs else evidence.complaints   # without logs the audit was never reached
        return Outcome(plan, violations, clients.tally, target.story, target.log(), time.monotonic() - began, proxy,
                       witnesses.longest if witnesses else {})


async def _all_of_it(plan: Plan, target: Target, power: PowerLoss | None, clients: Run, straight: Doors | ManyDoors,
                     witnesses: troubles.Witnesses | None) -> None:
    async with contextlib.AsyncExitStack() as stack:
        world = await stack.enter_async_context(contextlib.aclosing(World(clients, straight)))
        if witnesses:
            await stack.enter_async_context(witnesses)
        await world.build()
        await world.begin()
        if power and not power.has_copies():
            raise AssertionError("nothing was ever synced: the preloaded library does not work with this server")
        if plan.sync_broken:
            await asyncio.to_thread(target.break_the_sync)
        chance = clients.chance("killer")
        for number in range(plan.rounds):
            if witnesses:
                await witnesses.trouble_links(world)
            await one_round(target, clients, chance, number)
        await asyncio.sleep(chance.uniform(0.2, 0.6))
        await world.settle()
        clients.doors = straight
        await audit(world)
        await world.hang_up()


async def one_round(target: Target, clients: Run, chance: random.Random, number: int) -> None:
    """At least one kill of the server; with a database often one of it, too: before, at the same time, or in between."""
    before = clients.acknowledged()
    if target.bus:
        target.turn_to(chance.choice(target.nodes))
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    await until(lambda: clients.acknowledged() >= before + ACKNOWLEDGED_A_ROUND, 5)   # a slow machine gets some more time
    if target.bus and (number == 0 or chance.random() < 0.4):
        await target.halt_bus()
        clients.count("bus outages")
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        if chance.random() < 0.5:
            await target.start_bus()
            await asyncio.sleep(chance.uniform(0, 0.5))
    database_alone = target.database and (number == 0 or chance.random() < 0.5)
    if database_alone:
        await target.crash_database()
        clients.count("database kills")
        await asyncio.sleep(chance.uniform(0, 0.8))
        await target.start_database()
        await target.server_is_ready()   # by itself: it was not touched
        await asyncio.sleep(chance.uniform(0, 1.0))
    both = target.database and chance.random() < 0.25
    if both:
        await asyncio.gather(target.crash_database(), target.kill_server())
        clients.count("database kills")
    else:
        await target.kill_server()
    clients.count("server kills")
    await asyncio.sleep(chance.choice([0, chance.uniform(0, 0.3)]))
    if both and chance.random() < 0.5:
        await target.start_database()
        both = False
    await target.launch_server()
    if chance.random() < 0.25:
        # While it starts, or while everybody resumes at once.
        await asyncio.sleep(chance.uniform(0, 0.5))
        await target.kill_server()
        clients.count("server kills")
        await target.launch_server()
    if both:
        await target.start_database()
    if target.bus and not target.bus.runs():
        await target.start_bus()
    await target.server_is_ready()
