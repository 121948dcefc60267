"""A node that is cut off from the database, and from nothing else, says so, stops doing what is done once, and comes back by
itself. (Everything else that is promised when links fail: tests/crash.)"""
from __future__ import annotations

import os
import pathlib
import time

import pytest

import brokers
import links
import services
from native import Person, eventually
from test_nodes import BINARY, figure

MACHINES = ["node1", "node2"]
LEASE_ENDS_WITHIN = 6.0     # four seconds after its last renewal began; shown twice a second
LEASE_MOVES_WITHIN = 11.0   # six seconds after its last renewal, looked at each second, on a slow machine


@pytest.fixture(scope="module")
def net():
    with links.Links({"clients": MACHINES, "store": [*MACHINES, "store"], "bus": [*MACHINES, "bus"]}) as all_:
        yield all_


@pytest.fixture(scope="module")
def nodes(net: links.Links):
    with services.Postgres(place=net.place("store", "store")) as postgres, brokers.Nats(False, net.place("bus", "bus")) as bus:
        store, all_ = postgres.fresh_database(), []
        try:
            for machine in MACHINES:
                all_.append(services.Parley(BINARY, store, arguments=["--bus", bus.url], place=net.place(machine, "clients")).start())
            yield all_
        finally:
            for node in all_:
                node.discard()


def works(node: services.Parley) -> bool:
    return figure(node, "parley_cluster_works") == 1


def test_who_is_cut_off_from_the_database_stops_doing_what_is_done_once(net: links.Links, nodes: list[services.Parley]):
    assert eventually(lambda: any(works(node) for node in nodes), within=10)
    holder = next(index for index, node in enumerate(nodes) if works(node))
    cut_off, other = nodes[holder], nodes[1 - holder]
    there = Person(base=cut_off.url)
    talk = there.group(anna := Person(base=other.url))
    socket = anna.socket()
    began, ended, moved = time.monotonic(), 0.0, 0.0
    net.cut(MACHINES[holder], "store")
    try:
        while not (ended and moved) and time.monotonic() - began < LEASE_MOVES_WITHIN:
            one, two = works(cut_off), works(other)
            assert not (one and two)
            ended = ended or (0.0 if one else time.monotonic() - began)
            moved = moved or (time.monotonic() - began if two else 0.0)
            time.sleep(0.1)
        print(f"\nthe work ended after {ended:.1f} s and was taken over after {moved:.1f} s")
        assert 0 < ended < LEASE_ENDS_WITHIN and 0 < moved < LEASE_MOVES_WITHIN
        anna.say(talk, "short", expires_in=1)
        assert socket.expect("message.deleted", timeout=10)
        asked = time.monotonic()
        refused = there.rest.post(f"/v1/conversations/{talk['id']}/messages", {"text": "into the void", "client_id": "1"})
        assert refused.status_code == 503 and time.monotonic() - asked < 10, refused.text
    finally:
        net.heal(MACHINES[holder], "store")
    assert eventually(lambda: there.rest.post(f"/v1/conversations/{talk['id']}/messages",
                                              {"text": "into the void", "client_id": "1"}).status_code == 201, within=10)
    assert socket.expect("message.created", where=lambda frame: frame["data"].get("text") == "into the void")
    assert not works(cut_off) and works(other)
