"""A rolling restart of nodes behind HAProxy, under the load of a fleet: what it does, and what it takes."""
from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import pathlib
import time

import brokers
import fleet as fleets
import services
from proxies import HaProxy

NODES = 3
ALL_BACK_WITHIN = 30.0
SEEN_BY_PROXY_WITHIN = 20.0


@dataclasses.dataclass
class Restart:
    """Of one node."""
    asked: float         # when it got SIGTERM
    drained: float       # seconds from then until its process has ended
    ready: float         # from the start of the new process until it is ready
    left_within: float = 0.0   # between the first who left it and the last
    all_back: float = 0.0      # from SIGTERM until everybody is connected again and has caught up


@dataclasses.dataclass
class Outcome:
    restarts: list[Restart]
    quiet: list[float]       # what sends took, sorted
    meanwhile: list[float]
    away: list[float]        # how long each was without a connection, sorted
    tally: dict[str, int]
    findings: list[str]

    @property
    def longest_unanswered(self) -> float:
        return self.meanwhile[-1]

    def table(self) -> str:
        ms = lambda times, part: f"{1000 * fleets.share(times, part):,.1f}"  # noqa: E731
        rows = [("sends acknowledged, quiet: number, p50, p99, longest (ms)",
                 f"{len(self.quiet)}, {ms(self.quiet, 0.5)}, {ms(self.quiet, 0.99)}, {ms(self.quiet, 1)}"),
                ("the same while nodes are restarted",
                 f"{len(self.meanwhile)}, {ms(self.meanwhile, 0.5)}, {ms(self.meanwhile, 0.99)}, {ms(self.meanwhile, 1)}"),
                ("without a connection: times, p50, longest (ms)", f"{len(self.away)}, {ms(self.away, 0.5)}, {ms(self.away, 1)}"),
                ("SIGTERM → the process has ended (s)", ", ".join(f"{one.drained:.2f}" for one in self.restarts)),
                ("between the first who left and the last (s)", ", ".join(f"{one.left_within:.2f}" for one in self.restarts)),
                ("SIGTERM → everybody is back and has caught up (s)", ", ".join(f"{one.all_back:.2f}" for one in self.restarts)),
                ("start → ready (s)", ", ".join(f"{one.ready:.2f}" for one in self.restarts)),
                *((what, str(count)) for what, count in sorted(self.tally.items()))]
        return "\n".join(["| | |", "| --- | --- |", *(f"| {what} | {value} |" for what, value in rows)])


async def run(binary: pathlib.Path, store: str, people: int, every: float, quiet_seconds: float) -> Outcome:
    with contextlib.ExitStack() as stack:
        bus = stack.enter_context(brokers.Nats(jetstream=False))
        nodes = [stack.enter_context(services.Parley(binary, store, arguments=["--bus", bus.url, "--rate-limit", "off"])) for _ in range(NODES)]
        proxy = stack.enter_context(HaProxy([node.port for node in nodes]))
        await _seen_by(proxy)
        async with fleets.Fleet(proxy.url, proxy.url.replace("http", "ws"), people, every=every) as fleet:
            await fleet.work(2 * every)   # until all have begun
            fleet.away.clear()
            quiet_from = time.monotonic()
            await fleet.work(quiet_seconds)
            restarts, began = [], time.monotonic()
            for node in nodes:
                restarts.append(await _restart(node, fleet))
                await _seen_by(proxy)
            ended = time.monotonic()
            await fleet.finish()
            for one, next_asked in zip(restarts, [*(one.asked for one in restarts[1:]), ended]):
                moved = [(gone, back) for gone, back in fleet.away if one.asked <= gone < next_asked]
                if not moved:
                    fleet.complain("a node that was restarted had served nobody")
                    continue
                one.left_within = max(gone for gone, _ in moved) - min(gone for gone, _ in moved)
                one.all_back = max(back for _, back in moved) - one.asked
            return Outcome(restarts, fleet.times(quiet_from, began), fleet.times(began, ended),
                           sorted(back - gone for gone, back in fleet.away), fleet.tally, fleet.findings())


async def _restart(node: services.Parley, fleet: fleets.Fleet) -> Restart:
    began = time.monotonic()
    await asyncio.to_thread(node.stop)
    drained = time.monotonic() - began
    if not await fleet.all_there(ALL_BACK_WITHIN):
        fleet.complain(f"not everybody was back {ALL_BACK_WITHIN:g} s after a node had stopped")
    started = time.monotonic()
    await asyncio.to_thread(node.start)
    return Restart(began, drained, time.monotonic() - started)


async def _seen_by(proxy: HaProxy) -> None:
    """The next node is stopped when the proxy sends people to this one again."""
    await asyncio.to_thread(services.wait_until, lambda: proxy.up() == NODES, SEEN_BY_PROXY_WITHIN, "every node, as the proxy sees it,")
