"""Several nodes over one PostgreSQL and a bus are one server to whoever is connected. (What they promise when they die:
tests/crash.)"""
from __future__ import annotations

import contextlib
import os
import pathlib
import time
import urllib.request
from datetime import datetime, timedelta

import pytest

import brokers
import messaging
import services
from client import Rest, Socket, make_token
from native import Person, eventually, problem

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
ONE_BEAT = 1.0            # of what nodes tell each other twice a second
DEAD_AFTER = 5.0          # three seconds of silence, a beat, and what a slow machine adds
BUSES = {"nats": lambda: brokers.Nats(jetstream=False), "redis": brokers.Redis}


class Nodes:
    def __init__(self, kind: str, stack: contextlib.ExitStack):
        self.bus = stack.enter_context(BUSES[kind]())
        self.store = services.database_at(os.environ["PARLEY_TEST_POSTGRES"])
        self._stack = stack
        self.all = [self.add() for _ in range(2)]

    def add(self, *arguments: str) -> services.Parley:
        return self._stack.enter_context(services.Parley(BINARY, self.store, arguments=["--bus", self.bus.url, *arguments]))


@pytest.fixture(scope="module", params=list(BUSES))
def nodes(request: pytest.FixtureRequest):
    with contextlib.ExitStack() as stack:
        yield Nodes(request.param, stack)


def people(nodes: Nodes) -> tuple[Person, Person, Person]:
    """Two on the first node, and the second of them on the other one, too."""
    a, b = (node.url for node in nodes.all[:2])
    anna, ben = Person(base=a), Person(base=b)
    return anna, ben, Person(user_id=ben.id, base=a)


def test_messages_reads_and_typing_come_live_on_the_other_node(nodes: Nodes):
    anna, ben, _ = people(nodes)
    talk = anna.group(ben)
    on_a, on_b = anna.socket(), ben.socket()
    sent = on_a.ask("message.send", {"conversation_id": talk["id"], "text": "over the bus", "client_id": "1"})
    came = on_b.expect("message.created", where=lambda f: f["conversation_id"] == talk["id"])
    assert came["data"]["text"] == "over the bus" and came["seq"] == sent["seq"]
    on_b.ask("message.read", {"conversation_id": talk["id"], "seq": sent["seq"]})
    read = on_a.expect("read.updated", where=lambda f: f["conversation_id"] == talk["id"])
    assert read["data"]["user_id"] == ben.id
    on_b.ask("typing", {"conversation_id": talk["id"], "is_typing": True})
    on_a.expect("typing", where=lambda f: f["conversation_id"] == talk["id"])


def test_a_live_event_needs_no_sweep(nodes: Nodes):
    """A hundred messages one after the other: each is there long before the log would have been looked at."""
    anna, ben, _ = people(nodes)
    talk = anna.group(ben)
    on_a, on_b = anna.socket(), ben.socket()
    times = []
    for number in range(100):
        begun = time.monotonic()
        on_a.ask("message.send", {"conversation_id": talk["id"], "text": str(number), "client_id": str(number)})
        assert on_b.expect("message.created")["data"]["text"] == str(number)
        times.append(time.monotonic() - begun)
    assert sorted(times)[len(times) // 2] < 0.25, sorted(times)[-5:]


def test_who_is_added_on_one_node_hears_on_the_other(nodes: Nodes):
    anna, ben, _ = people(nodes)
    on_b = ben.socket()
    talk = anna.group(ben)
    anna.say(talk, "welcome")
    assert on_b.expect("message.created", where=lambda f: f["conversation_id"] == talk["id"])["data"]["text"] == "welcome"


def test_who_was_removed_can_not_send_on_the_other_node(nodes: Nodes):
    anna, ben, _ = people(nodes)
    talk = anna.group(ben)
    on_b = ben.socket()
    on_b.ask("message.send", {"conversation_id": talk["id"], "text": "still here", "client_id": "1"})
    answer = anna.rest.delete(f"/v1/conversations/{talk['id']}/members/{ben.id}")
    assert answer.status_code == 204, answer.text
    assert on_b.refused("message.send", {"conversation_id": talk["id"], "text": "not any more", "client_id": "2"})


def test_a_resume_goes_on_at_another_node(nodes: Nodes):
    anna, ben, ben_on_a = people(nodes)
    talk = anna.group(ben)
    on_b = ben.socket()
    anna.say(talk, "one")
    cursor = on_b.expect("message.created", where=lambda f: f["data"]["text"] == "one")["cursor"]
    on_b.ws.close()
    anna.say(talk, "two")
    ben.say(talk, "three")
    on_a = ben_on_a.socket(cursor=cursor)
    assert [on_a.expect("message.created")["data"]["text"] for _ in range(2)] == ["two", "three"]


def test_somebody_is_online_wherever_they_are_connected(nodes: Nodes):
    anna, ben, ben_on_a = people(nodes)
    anna.direct(ben)
    on_a = anna.socket()
    on_a.ask("presence.watch", {"users": [ben.id]})
    first = ben.socket()
    on_a.expect("presence.changed", where=lambda f: f["data"]["user_id"] == ben.id and f["data"]["status"] == "online")
    time.sleep(ONE_BEAT)   # the first node knows of it
    second = ben_on_a.socket()
    time.sleep(ONE_BEAT)   # and the second one of that
    first.ws.close()
    on_a.expect_none("presence.changed", quiet=ONE_BEAT, where=lambda f: f["data"]["user_id"] == ben.id)
    second.ws.close()
    on_a.expect("presence.changed", where=lambda f: f["data"]["user_id"] == ben.id and f["data"]["status"] == "offline")


def test_connections_are_counted_over_all_nodes_at_the_rtchat_door(nodes: Nodes):
    anna, ben, _ = people(nodes)
    counted = lambda: [Rest(node.url).post("/rtchat/api/connections", {"users": [ben.id]}).json()[ben.id] for node in nodes.all[:2]]
    # Asked a few times a second: there is a limit, too.
    becomes = lambda count: eventually(lambda: time.sleep(0.2) or counted() == [count, count], 2 * ONE_BEAT)
    assert becomes(0)
    tokens = [make_token(services.JWT_SECRET, {"id": ben.id}) for _ in range(3)]
    sockets = [Socket(f"{node.websocket_url}/rtchat/ws?token={token}") for node, token in zip((nodes.all[0], nodes.all[1], nodes.all[1]), tokens)]
    assert becomes(3)
    for socket in sockets:
        socket.close()
    assert becomes(0)


def test_when_somebody_was_there_last_is_known_on_the_other_node(nodes: Nodes):
    a, b = (node.url + "/messaging" for node in nodes.all[:2])
    anna, ben = messaging.Person(base=a), messaging.Person(base=b)
    talk = anna.conversation(ben)
    members = lambda who: messaging.good(who.rest.get(f"/api/v1/conversations/{talk}"))["members"]
    anna_as = lambda who: next(one for one in members(who) if one["id"] == anna.id)
    assert "last_seen" not in anna_as(ben)
    with anna.socket():
        assert eventually(lambda: anna_as(ben)["status"] == "online", DEAD_AFTER)
    there = eventually(lambda: anna_as(ben).get("last_seen"), DEAD_AFTER)
    here = anna_as(anna)["last_seen"]
    assert there and abs(datetime.fromisoformat(there) - datetime.fromisoformat(here)) < timedelta(seconds=DEAD_AFTER)


def test_a_ban_holds_on_all_nodes(nodes: Nodes):
    anna, ben, _ = people(nodes)
    admin = Person(base=anna.base, role="admin")
    on_b = ben.socket()
    answer = admin.rest.post(f"/v1/admin/users/{ben.id}/ban", {})
    assert answer.status_code in (200, 201, 204), answer.text
    on_b.wait_closed()
    assert eventually(lambda: ben.rest.get("/v1/conversations").status_code == 403)


def test_a_rate_limit_counts_over_all_nodes(nodes: Nodes):
    a = nodes.add("--rate-limit", "1/s:40")
    b = nodes.add("--rate-limit", "1/s:40")
    anna = Person(base=a.url)
    there = Person(user_id=anna.id, base=b.url)
    for _ in range(36):
        assert anna.rest.get("/v1/conversations").status_code == 200
    assert eventually(lambda: int(there.rest.get("/v1/conversations").headers["RateLimit-Remaining"]) < 10)
    problem(eventually(lambda: (got := there.rest.get("/v1/conversations")).status_code == 429 and got, within=10), 429, "rate_limited")


def test_a_node_that_dies_leaves_nobody_online_and_its_people_go_on_elsewhere(nodes: Nodes):
    third = nodes.add()
    anna, ben, _ = people(nodes)
    cleo = Person(base=third.url)
    talk = anna.group(ben, cleo)
    on_a, on_c = anna.socket(), cleo.socket()
    on_a.ask("presence.watch", {"users": [cleo.id]})
    time.sleep(ONE_BEAT)
    anna.say(talk, "before")
    cursor = on_c.expect("message.created", where=lambda f: f["data"]["text"] == "before")["cursor"]
    third.kill()
    anna.say(talk, "after")
    on_a.expect("presence.changed", timeout=DEAD_AFTER, where=lambda f: f["data"] == {"user_id": cleo.id, "status": "offline"})
    again = Person(user_id=cleo.id, base=nodes.all[1].url).socket(cursor=cursor)
    assert again.expect("message.created")["data"]["text"] == "after"
    third.start()   # so that its end is a clean one


def test_without_the_bus_everything_comes_from_the_log(nodes: Nodes):
    anna, ben, _ = people(nodes)
    talk = anna.group(ben)
    on_b = ben.socket()
    nodes.bus.halt()
    try:
        anna.say(talk, "by the log")
        on_b.expect("message.created", where=lambda f: f["data"]["text"] == "by the log")
    finally:
        nodes.bus.start()
    assert eventually(lambda: all(figure(node, "parley_cluster_nodes") >= 2 for node in nodes.all), within=10)
    anna.say(talk, "by the bus")
    on_b.expect("message.created", where=lambda f: f["data"]["text"] == "by the bus")


def test_work_that_is_done_once_is_done_by_one_and_moves(nodes: Nodes):
    """Messages expire whoever dies: here the node that was first, which has the lease."""
    with contextlib.ExitStack() as stack:
        own = Nodes("nats", stack)
        anna, ben, _ = people(own)
        on_b = ben.socket()
        talk = anna.group(ben)
        anna.say(talk, "short", expires_in=1)
        on_b.expect("message.deleted", timeout=10)
        own.all[0].kill()
        Person(user_id=anna.id, base=own.all[1].url).say(talk, "short, too", expires_in=1)
        on_b.expect("message.deleted", timeout=20)
        own.all[0].start()


def test_several_nodes_over_a_store_that_is_one_process_own_are_refused(tmp_path: pathlib.Path):
    server = services.Parley(BINARY, arguments=["--bus", "nats://127.0.0.1:1"])
    with pytest.raises(services.Failed, match="--bus: several nodes need a store that they can share"):
        server.start()
    server.discard()


def figure(node: services.Parley, name: str) -> float:
    with urllib.request.urlopen(f"{node.url}/metrics", timeout=5) as answer:
        for line in answer.read().decode().splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
    return 0.0
