"""The crash test can fail: with the sync, the idempotency key or the last event of a resume broken on purpose, it does.

Each is paired with the same run without the fault, which passes: so it is the fault that was found.
"""
from __future__ import annotations

import asyncio
import functools

import settings
import storm
import target
from evidence import Violation
from proxy import Proxy
from world import COMERS


def run(store: str = "sqlite", seed: int = settings.SEED, **words) -> storm.Outcome:
    outcome = asyncio.run(storm.run(storm.Plan(target.binary(), store, seed, settings.SABOTAGE_ROUNDS, **words)))
    print(outcome)
    return outcome


def test_a_power_loss_takes_nothing_that_was_acknowledged():
    outcome = run(power_loss=True)
    assert not outcome.violations, str(outcome)


def test_a_broken_sync_is_found_on_sqlite():
    assert "lost" in run(power_loss=True, sync_broken=True).kinds


def test_a_broken_sync_is_found_on_postgres():
    # What PostgreSQL had not written yet when it was stopped is a matter of luck on a slow machine: three storms.
    assert any("lost" in run("postgres", f"{settings.SEED}-{again}" if again else settings.SEED, sync_broken=True).kinds for again in range(3))


def test_a_proxy_that_only_cuts_connections_breaks_nothing():
    outcome = run(through=Proxy)
    assert not outcome.violations, str(outcome)
    assert outcome.proxy.answers_lost > 0 and not outcome.proxy.keys_replaced and not outcome.proxy.swallowed


def test_a_broken_idempotency_key_is_found():
    outcome = run(through=functools.partial(Proxy, new_key_for_a_retry=True))
    assert outcome.proxy.keys_replaced > 0 and "duplicate" in outcome.kinds


def test_a_resume_without_its_last_event_is_found():
    outcome = run(through=functools.partial(Proxy, swallows=3))
    assert len(outcome.proxy.swallowed) == 3 and outcome.kinds <= {"missed", "unread"}, str(outcome)
    # Three among thousands, and they are named. (Somebody who is removed soon after need not have had everything.)
    for device, conversation, seq in outcome.proxy.swallowed:
        if device.partition("/")[0] not in COMERS:
            assert Violation("missed", f"{device}: {conversation} {seq}") in outcome.violations, str(outcome)
