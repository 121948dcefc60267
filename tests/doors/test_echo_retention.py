"""How long messages stay at the echo door (docs/wires/echo.md §11); in virtual time: src/engine/retention_test.cpp."""
from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import uuid

import pytest
import services
from echo import Person, data, people, refused
from echo_door import BINARY, server  # noqa: F401

THREE_DAYS_EARLIER = "UPDATE log SET at = at - 3 * 86400000000"


def retain(who: Person, where: str, days: object, root: str = "/api/v1/conversations"):
    return who.rest.put(f"{root}/{where}/retention", {"days": days})


@pytest.mark.parametrize("root", ["/api/v1/conversations", "/api/v1/messages/conversations", "/conversations"])
@pytest.mark.parametrize("days", [0, 1, 3650])
def test_the_owner_says_how_many_days_messages_stay(root, days):
    a, b, c = people(3)
    where = a.conversation(b, c)
    assert data(retain(a, where, days, root)) == {"conversation_id": where, "days": days}
    assert data(retain(a, where, days, root)) == {"conversation_id": where, "days": days}   # again: fine
    a.send(where, "young")
    assert [m["content"] for m in b.history(where)] == ["young"]


def test_nobody_but_the_owner_says_so():
    a, b, c = people(3)
    where = a.conversation(b, c)
    data(a.permit(where, b, role="admin"))
    for other in (b, c, Person()):
        assert refused(retain(other, where, 7), 403)["code"] == "PERMISSION_DENIED"
    refused(retain(a, str(uuid.uuid4()), 7), 403)
    assert refused(retain(a, "nope", 7), 400)["code"] == "INVALID_REQUEST"


def test_in_a_direct_conversation_it_is_for_who_began_it():
    a, b = people(2)
    where = a.conversation(b)
    data(retain(a, where, 30))
    refused(retain(b, where, 30), 403)


@pytest.mark.parametrize("days, code", [(-1, "INVALID_FORMAT"), (3651, "INVALID_FORMAT"), (None, "REQUIRED_FIELD")])
def test_days_out_of_range_are_told_by_their_field(days, code):
    a, b = people(2)
    error = refused(retain(a, a.conversation(b), days), 400)
    assert error["code"] == "VALIDATION_FAILED" and (error["fields"][0]["field"], error["fields"][0]["code"]) == ("Days", code)


@pytest.mark.parametrize("days", ["7", 1.5, True, [7]])
def test_days_that_are_no_whole_number_are_an_invalid_request(days):
    a, b = people(2)
    assert refused(retain(a, a.conversation(b), days), 400)["code"] == "INVALID_REQUEST"


def test_it_is_no_frame_of_this_wire():
    a, b = people(2)
    where = a.conversation(b)
    with b.socket() as s:
        data(retain(a, where, 7))
        s.expect_none("conversation_updated", quiet=0.3)


def run_sql(store: str, sql: str) -> None:
    if store.startswith("postgres:"):
        subprocess.run([services.POSTGRES_BIN / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", store, "-c", sql], check=True, timeout=30)
        return
    with contextlib.closing(sqlite3.connect(store.removeprefix("sqlite:"))) as database, database:
        database.execute(sql)


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_the_servers_rule_is_for_who_has_none(kind):
    """The clock can't be moved, so what was said is."""
    port = services.free_port()
    store = services.database_at(os.environ["PARLEY_TEST_POSTGRES"]) if kind == "postgres" else None
    with services.Parley(BINARY, store, arguments=["--listen", f"127.0.0.1:{port}=echo"]) as running:
        a, b = (Person(base=f"http://127.0.0.1:{port}") for _ in range(2))
        follows, own = a.conversation(b, kind="group"), a.conversation(b, kind="group")
        data(retain(a, own, 30))
        for where in (follows, own):
            for i in range(60):
                a.send(where, f"m{i}")
        running.stop()
        run_sql(running.store, THREE_DAYS_EARLIER)
        running.arguments += ["--retention-days", "2"]
        running.start()
        a = Person(a.id, a.base)
        fresh = a.send(follows, "fresh")["id"]
        services.wait_until(lambda: [m["id"] for m in a.history(follows)] == [fresh], 30, "the going of what is old")
        assert len(a.history(own, limit=100)) == 60
        row = Person(b.id, b.base).listed(follows)
        assert row["unread_count"] == 1
