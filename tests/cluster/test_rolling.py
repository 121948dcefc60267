"""Nodes behind a proxy are restarted one after the other while people go on sending. (With figures: bench/rolling.py)"""
from __future__ import annotations

import asyncio
import concurrent.futures
import os
import time

import pytest

import rolling
import services
from client import Socket, ws_url
from native import Person
from test_nodes import BINARY

PEOPLE = 120
LONGEST_UNANSWERED = 5.0   # seconds; bench/rolling.py shows far less, on a machine that has time for it
SPREAD_AT_LEAST = 0.4      # of the second that people are given, as chance has it
DRAINED_WITHIN = 10.0      # --drain-timeout
SOCKETS = 30


def test_a_rolling_restart_loses_nothing_and_keeps_nobody_waiting_for_long():
    store = services.database_at(os.environ["PARLEY_TEST_POSTGRES"])
    outcome = asyncio.run(rolling.run(BINARY, store, PEOPLE, every=4, quiet_seconds=4))
    print(f"\n{outcome.table()}")
    assert not outcome.findings, "\n".join(outcome.findings[:20])
    assert outcome.tally["told to move"] >= PEOPLE   # each was on one of them, at least
    assert len(outcome.meanwhile) > PEOPLE / 2   # a fleet that sends less has shown nothing
    assert outcome.longest_unanswered < LONGEST_UNANSWERED
    for restart in outcome.restarts:
        assert restart.drained < DRAINED_WITHIN
        assert restart.left_within > SPREAD_AT_LEAST   # not all at once: others have to take them in


@pytest.mark.parametrize("door", ["messaging", "rtchat"])
def test_who_can_not_be_told_a_moment_is_closed_at_one(door: str):
    """Their wires have no word for it."""
    with services.Parley(BINARY) as node, concurrent.futures.ThreadPoolExecutor(SOCKETS) as pool:
        sockets = [Socket(ws_url(node.url, f"/{door}/ws?token={Person(base=node.url).token}")) for _ in range(SOCKETS)]

        def closed(one: Socket) -> tuple[int, float]:
            return one.wait_closed(10)[0], time.monotonic()

        closings = [pool.submit(closed, one) for one in sockets]
        node.stop()
        codes, moments = zip(*(closing.result() for closing in closings))
        assert set(codes) == {1001}
        assert max(moments) - min(moments) > SPREAD_AT_LEAST
