"""History and searches are answered by a streaming replica of PostgreSQL, and nobody can tell: not while it is behind, away, or
killed in the middle of it, and not on another node than the one where something was said."""
from __future__ import annotations

import concurrent.futures
import contextlib
import signal
import threading

import pytest

import brokers
import services
from native import Person, eventually
from test_nodes import BINARY, figure

SEEN_AGAIN_WITHIN = 20.0


class Replicated:
    def __init__(self, stack: contextlib.ExitStack):
        self.primary = stack.enter_context(services.Postgres())
        store = self.primary.fresh_database()
        self.replica = stack.enter_context(services.Replica(self.primary))
        bus = stack.enter_context(brokers.Nats(jetstream=False))
        url = f"{self.replica.server_url}/{store.rpartition('/')[2]}"
        arguments = ["--bus", bus.url, "--store-replicas", url, "--rate-limit", "off"]
        self.nodes = [stack.enter_context(services.Parley(BINARY, store, arguments=arguments)) for _ in range(2)]

    def browsed(self, who: str) -> float:
        return sum(figure(node, f'parley_browsed_total{{by="{who}"}}') for node in self.nodes)

    def is_used(self, reader: Person, talk: dict) -> bool:
        before = self.browsed("replica")

        def has_answered() -> bool:
            reader.history(talk)
            return self.browsed("replica") > before

        return eventually(has_answered, SEEN_AGAIN_WITHIN)


@pytest.fixture(scope="module")
def there():
    with contextlib.ExitStack() as stack:
        yield Replicated(stack)


def two_people(there: Replicated) -> tuple[Person, Person, dict]:
    """Each on a node of their own."""
    anna, ben = (Person(base=node.url) for node in there.nodes)
    return anna, ben, anna.group(ben)


def newest(reader: Person, talk: dict) -> str:
    return reader.history(talk, limit=1)[0]["text"]


def everything_is_seen_at_once(anna: Person, ben: Person, talk: dict, words: str, times: int) -> None:
    for number in range(times):
        writer, reader = (anna, ben) if number % 2 else (ben, anna)
        said = writer.say(talk, f"{words} {number}")
        assert newest(writer, talk) == newest(reader, talk) == f"{words} {number}"
        found = reader.rest.get("/v1/search/messages", params={"q": f'"{words} {number}"'}).json()["items"]
        assert [one["id"] for one in found] == [said["id"]]


def test_what_anybody_has_written_is_seen_at_once_on_every_node(there: Replicated):
    anna, ben, talk = two_people(there)
    assert there.is_used(anna, talk)
    before = there.browsed("replica")
    everything_is_seen_at_once(anna, ben, talk, "marmalade", 60)
    assert there.browsed("replica") > before


def test_what_was_taken_away_is_gone_at_once(there: Replicated):
    anna, ben, talk = two_people(there)
    for number in range(15):
        said = anna.say(talk, f"nothing for long {number}")
        assert anna.rest.delete(f"/v1/messages/{said['id']}").status_code in (200, 204)
        assert all(not one.get("text") for one in ben.history(talk) if one["id"] == said["id"])
        assert anna.rest.delete(f"/v1/conversations/{talk['id']}/members/{ben.id}").status_code == 204
        assert ben.rest.get(f"/v1/conversations/{talk['id']}/messages").status_code in (403, 404)
        assert ben.rest.get("/v1/search/messages", params={"q": "long"}).json()["items"] == []
        assert anna.rest.post(f"/v1/conversations/{talk['id']}/members", {"user_id": ben.id}).status_code in (200, 201)
        assert ben.history(talk)


def test_a_replica_that_stands_still_hides_nothing_and_is_used_again(there: Replicated):
    anna, ben, talk = two_people(there)
    assert there.is_used(ben, talk)
    there.replica.ask("SELECT pg_wal_replay_pause()")
    try:
        assert eventually(lambda: there.replica.ask("SELECT pg_get_wal_replay_pause_state()") == "paused", 10)
        anna.say(talk, "the first that it does not have")
        by_replica, by_primary = there.browsed("replica"), there.browsed("primary")
        everything_is_seen_at_once(anna, ben, talk, "orange", 30)
        assert there.browsed("replica") == by_replica and there.browsed("primary") >= by_primary + 90
    finally:
        there.replica.ask("SELECT pg_wal_replay_resume()")
    assert there.is_used(ben, talk)
    everything_is_seen_at_once(anna, ben, talk, "lemon", 10)


def test_a_replica_that_is_killed_fails_nobody_and_is_used_again(there: Replicated):
    anna, ben, talk = two_people(there)
    for number in range(200):
        anna.say(talk, f"{number}")
    assert there.is_used(ben, talk)
    over = threading.Event()

    def leaf_through(reader: Person) -> int:
        pages = 0
        while not over.is_set():
            assert [one["text"] for one in reader.history(talk, limit=200)] == [str(number) for number in range(199, -1, -1)]
            pages += 1
        return pages

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        readers = [pool.submit(leaf_through, who) for who in (anna, ben, Person(anna.id, ben.base), Person(ben.id, anna.base))]
        try:
            for _ in range(3):
                there.replica.halt(signal.SIGQUIT)
                before = there.browsed("primary")
                assert eventually(lambda: there.browsed("primary") > before + 20, 20)
                there.replica.start()
                before = there.browsed("replica")
                assert eventually(lambda: there.browsed("replica") > before + 20, SEEN_AGAIN_WITHIN)
        finally:
            over.set()
        assert all(reader.result(timeout=30) > 0 for reader in readers)


def test_replicas_of_another_kind_of_store_are_refused():
    server = services.Parley(BINARY, arguments=["--store-replicas", "postgres://127.0.0.1/parley"])
    with pytest.raises(services.Failed, match="store-replicas: only PostgreSQL has replicas here"):
        server.start()
    server.discard()
