"""kill -9 at random moments, while everybody writes and listens: all promises hold afterwards."""
from __future__ import annotations

import asyncio

import pytest

import settings
import storm
import target
import troubles


@pytest.mark.parametrize("store", settings.STORES)
def test_nothing_acknowledged_is_lost_doubled_or_out_of_order(store: str):
    outcome = asyncio.run(storm.run(storm.Plan(target.binary(), store, settings.SEED, settings.ROUNDS)))
    print(outcome)
    assert not outcome.violations, str(outcome)
    enough_has_happened(outcome)


@pytest.mark.parametrize("store", settings.LINKED)
def test_the_same_between_machines_whose_links_are_cut_and_slow(store: str):
    outcome = asyncio.run(storm.run(storm.Plan(target.binary(), store, settings.SEED, settings.LINK_ROUNDS)))
    print(outcome)
    assert not outcome.violations, str(outcome)
    enough_has_happened(outcome)
    assert outcome.tally["links in trouble"] >= troubles.A_ROUND * settings.LINK_ROUNDS


def enough_has_happened(outcome: storm.Outcome) -> None:
    """A run in which nobody wrote or came back proves nothing."""
    rounds, tally = outcome.plan.rounds, outcome.tally
    assert tally["server kills"] >= rounds
    if outcome.plan.store not in ("sqlite", "mongo"):
        assert tally["database kills"] >= 1
    if " over " in outcome.plan.store:
        assert tally["bus outages"] >= 1
    for what, least in (("messages", 25), ("resumes", 5), ("events live", 60), ("events resumed", 15), ("reads", 1),
                        ("acknowledged after a retry", 1)):
        assert tally.get(what, 0) >= least * rounds, f"only {tally.get(what, 0)} {what}\n{outcome}"
