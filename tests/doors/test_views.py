"""Other services' tables, as views on PostgreSQL; and the tokens that the tool makes for their doors."""
from __future__ import annotations

import json
import os
import pathlib
import subprocess

import pytest
import services
from client import Rest, new_user
from echo import Person as EchoPerson, data
from messaging import Person as MessagingPerson, good

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


def run(*words: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PARLEY_")}
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60, env={**clean, "PARLEY_JWT_SECRET": services.JWT_SECRET})


@pytest.fixture(scope="module")
def postgres():
    with services.Postgres() as running:
        yield running


def psql(url: str, sql: str) -> str:
    return subprocess.check_output([services.POSTGRES_BIN / "psql", "-qAt", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql], text=True, timeout=30)


def rows(url: str, query: str) -> list[dict]:
    return json.loads(psql(url, f"SELECT coalesce(json_agg(one), '[]') FROM ({query}) one"))


def test_echos_tables(postgres):
    url = postgres.fresh_database()
    port = services.free_port()
    with services.Parley(BINARY, store=url, arguments=["--listen", f"127.0.0.1:{port}=echo"]):
        for _ in range(2):   # twice is harmless
            done = run("migrate", "up", "--dialect", "echo", "--store", url)
            assert done.returncode == 0 and "views of echo are there" in done.stdout, done.stderr
        a, b, c = (EchoPerson(base=f"http://127.0.0.1:{port}") for _ in range(3))
        where = a.conversation(b, c, title="three", description="d")
        first = a.send(where, "hello ben", mentions=[{"user_id": b.id, "offset": 6, "length": 3}], metadata={"k": [1]})["id"]
        reply = b.send(where, "oops", parent_message_id=first)["id"]
        gone = c.send(where, "gone")["id"]
        data(b.edit(reply, "fixed"))
        data(c.delete(gone))
        data(b.read(first))
        data(c.rest.post(f"/api/v1/messages/{first}/reactions", {"reaction_type": "👍"}), 201)
        found = {str(row["id"]): row for row in rows(url, "SELECT * FROM messages.messages")}
        assert set(found) == {first, reply, gone}
        assert set(found[first]) == {"id", "conversation_id", "sender_user_id", "parent_message_id", "message_type", "content", "mentions", "status",
                                     "is_edited", "edited_at", "edit_history", "is_deleted", "deleted_at", "metadata", "created_at", "updated_at"}
        one = found[first]
        assert (str(one["conversation_id"]), one["sender_user_id"], one["content"], one["status"]) == (where, a.id, "hello ben", "sent")
        assert one["mentions"] == [{"user_id": b.id, "offset": 6, "length": 3}] and one["metadata"] == {"k": [1]}
        assert str(found[reply]["parent_message_id"]) == first and found[reply]["is_edited"] is True
        assert [edit["previous_content"] for edit in found[reply]["edit_history"]] == ["oops"]
        assert found[gone]["is_deleted"] is True and found[gone]["deleted_at"] and found[gone]["content"] == ""
        states = {row["user_id"]: row["status"] for row in rows(url, f"SELECT * FROM messages.delivery_status WHERE message_id = '{first}'")}
        assert states == {b.id: "read", c.id: "sent"}
        assert [(row["user_id"], row["reaction_type"]) for row in rows(url, "SELECT * FROM messages.reactions")] == [(c.id, "👍")]
        talk = rows(url, "SELECT * FROM messages.conversations")[0]
        assert (talk["conversation_type"], talk["title"], talk["description"], talk["creator_user_id"], talk["member_count"]) == ("group", "three", "d", a.id, 3)
        people = {row["user_id"]: row for row in rows(url, "SELECT * FROM messages.conversation_participants")}
        assert people[a.id]["role"] == "owner" and people[b.id]["can_send_messages"] is True and people[c.id]["unread_count"] == 2
        assert rows(url, "SELECT * FROM messages.typing_indicators") == []
        done = run("migrate", "down", "--dialect", "echo", "--store", url)
        assert done.returncode == 0 and "are not there" in done.stdout
        assert a.history(where)   # nothing is lost with them
        assert "are not there" in run("migrate", "status", "--dialect", "echo", "--store", url).stdout


def test_messagings_tables(postgres):
    url = postgres.fresh_database()
    port = services.free_port()
    done = run("migrate", "up", "--dialect", "messaging", "--store", url)   # also before the first start
    assert done.returncode == 0, done.stderr
    with services.Parley(BINARY, store=url, arguments=["--listen", f"127.0.0.1:{port}=messaging"]):
        base = f"http://127.0.0.1:{port}"
        a, b = MessagingPerson(base=base, username="anna", email="a@x.org"), MessagingPerson(base=base)
        good(b.rest.get("/api/v1/conversations"))
        where = a.conversation(b, kind="group", name="n", description="d")
        fid = good(a.upload("notes.txt", b"hello"), 201)["id"]
        first = a.send(where, "hi", metadata={"k": 1}, file_ids=[fid])["id"]
        reply = b.send(where, "yes", reply_to_id=first)["id"]
        good(b.read(first))
        good(b.react(first, "🎉"))
        users = {row["id"]: row for row in rows(url, "SELECT * FROM messaging.users")}
        assert (users[a.id]["username"], users[a.id]["email"]) == ("anna", "a@x.org") and users[b.id]["created_at"]
        talk = rows(url, "SELECT * FROM messaging.conversations")[0]
        assert (str(talk["id"]), talk["type"], talk["name"], talk["description"], talk["created_by"]) == (where, "group", "n", "d", a.id)
        assert {row["user_id"]: row["role"] for row in rows(url, "SELECT * FROM messaging.conversation_members")} == {a.id: "owner", b.id: "member"}
        found = {str(row["id"]): row for row in rows(url, "SELECT * FROM messaging.messages")}
        assert found[first]["metadata"] == {"k": 1} and str(found[reply]["reply_to_id"]) == first
        assert [(str(row["message_id"]), row["user_id"], row["emoji"]) for row in rows(url, "SELECT * FROM messaging.message_reactions")] == [(first, b.id, "🎉")]
        assert [(str(row["message_id"]), row["user_id"]) for row in rows(url, "SELECT * FROM messaging.message_read_receipts")] == [(first, b.id)]
        assert [(row["id"], row["original_filename"], row["size_bytes"]) for row in rows(url, "SELECT * FROM messaging.files")] == [(fid, "notes.txt", 5)]


def test_a_schema_of_somebody_elses_is_left_alone(postgres):
    url = postgres.fresh_database()
    psql(url, "CREATE SCHEMA messages; CREATE TABLE messages.messages (id int)")
    for what in ("up", "down"):
        done = run("migrate", what, "--dialect", "echo", "--store", url)
        assert done.returncode == 1 and "left alone" in done.stderr
    assert rows(url, "SELECT * FROM messages.messages") == []


def test_misuse_is_told(tmp_path):
    assert run("migrate", "down").returncode == 2 and run("migrate", "sideways").returncode == 2
    done = run("migrate", "up", "--dialect", "pulse", "--data", str(tmp_path))
    assert done.returncode == 1 and "echo and messaging" in done.stderr
    assert "PostgreSQL only" in run("migrate", "up", "--dialect", "messaging", "--data", str(tmp_path)).stdout


def test_a_token_of_the_tool_for_the_messaging_door():
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging"]):
        anna = new_user()
        token = run("token", "--dialect", "messaging", "--user", anna, "--username", "anna", "--display-name", "Anna").stdout.strip()
        rest = Rest(f"http://127.0.0.1:{port}", {"Authorization": f"Bearer {token}"})
        conv = good(rest.post("/api/v1/conversations", {"type": "direct", "member_ids": [new_user()]}), 201)
        assert {m["id"]: (m["username"], m.get("display_name")) for m in conv["members"]}[anna] == ("anna", "Anna")
    assert run("token", "--dialect", "messaging", "--user", anna, "--ttl", "0s").returncode == 2
