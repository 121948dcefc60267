"""The messaging door where the acceptance cases leave off: its contract (docs/wires/messaging.md), section by section."""
from __future__ import annotations

import json
import os
import pathlib
import time
import uuid
from datetime import datetime, timedelta
from urllib.parse import quote

import jwt
import pytest
import services
from client import Rest, Socket, make_token, new_user, ws_url
from messaging import Person, about, field, good, is_receipt, of_message, people, refused, together, token
from websockets.exceptions import InvalidStatus

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\2\0\0\0\x90wS\xde\0\0\0\0IEND\xaeB`\x82"


@pytest.fixture(scope="module", autouse=True)
def server():
    port = services.free_port()
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging", "--messaging-rate-limit", "1000:1000",
                                            "--messaging-frames-limit", "100:300"]) as running:
        os.environ["ACCEPT_URL_MESSAGING"] = f"http://127.0.0.1:{port}"
        yield running


@pytest.fixture
def base() -> str:
    return os.environ["ACCEPT_URL_MESSAGING"]


def upload_named(who: Person, name: str, content: bytes, mime: str):
    """The name as it is: the usual client would write a control character in another way."""
    head = f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\nContent-Type: {mime}\r\n\r\n'
    return who.rest.call("POST", "/api/v1/files", content=head.encode() + content + b"\r\n--b--\r\n",
                         headers={"Content-Type": "multipart/form-data; boundary=b"})


def code_of(r, *statuses: int) -> str:
    assert r.status_code in statuses, (r.status_code, r.text[:500])
    assert r.json()["error"]
    return r.json()["code"]


# ---- 1. who is calling

@pytest.mark.parametrize("change", [{"user_id": str(uuid.UUID(int=0))}, {"user_id": "anna"}, {"user_id": None}, {"nbf": time.time() + 600},
                                    {"exp": time.time() - 1}, {"exp": None}])
def test_a_token_that_does_not_count_is_401(base, change):
    claims = {"user_id": new_user(), "exp": int(time.time()) + 600, **change}
    text = jwt.encode({k: v for k, v in claims.items() if v is not None}, services.JWT_SECRET, algorithm="HS256")
    assert code_of(Rest(base, {"Authorization": "Bearer " + text}).get("/api/v1/conversations"), 401) == "unauthorized"
    with pytest.raises(InvalidStatus) as e:
        Socket(ws_url(base, "/ws?token=" + text))
    assert e.value.response.status_code == 401


def test_a_refused_handshake_is_an_answer_like_any_other(base):
    with pytest.raises(InvalidStatus) as e:
        Socket(ws_url(base, "/ws?token=x"))
    headers = e.value.response.headers
    assert headers["x-request-id"] and headers["x-content-type-options"] == "nosniff"
    assert json.loads(e.value.response.body)["code"] == "unauthorized"


def test_sub_names_the_user_where_user_id_does_not_and_the_header_will_do_for_a_socket(base):
    anna = new_user()
    text = make_token(services.JWT_SECRET, {"sub": anna})
    good(Rest(base, {"Authorization": "Bearer " + text}).get("/api/v1/conversations"))
    with Socket(ws_url(base, "/ws"), {"Authorization": "Bearer " + text}) as s:
        s.send({"type": "ping"})
        assert s.expect("pong") == {"type": "pong"}


def test_people_are_shown_as_their_tokens_say_and_placeholders_until_then(base):
    a = Person(username="anna", email="anna@example.org", display_name="Anna", avatar_url="https://x/a.png")
    b_id = new_user()
    conv = good(a.rest.post("/api/v1/conversations", {"type": "direct", "member_ids": [a.id, b_id]}), 201)
    seen = {m["id"]: m for m in conv["members"]}
    assert {k: seen[a.id][k] for k in ("username", "email", "display_name", "avatar_url", "role")} == {
        "username": "anna", "email": "anna@example.org", "display_name": "Anna", "avatar_url": "https://x/a.png", "role": "owner"}
    assert seen[b_id]["username"] == b_id and seen[b_id]["role"] in ("member", "owner") and "email" not in seen[b_id]
    assert seen[a.id]["created_at"] and seen[a.id]["updated_at"] and seen[a.id]["status"] == "offline"


# ---- 2. errors

def test_every_answer_has_an_id_and_no_sniffing(base):
    a = Person()
    for r in (a.rest.get("/api/v1/conversations"), a.rest.get("/nothing"), Rest(base).get("/api/v1/conversations"), Rest(base).get("/health")):
        assert r.headers["x-request-id"] and r.headers["x-content-type-options"] == "nosniff", r.url
    assert a.rest.get("/api/v1/conversations", headers={"X-Request-ID": "mine"}).headers["x-request-id"] == "mine"


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"content":5}', b'{"content":"\xff"}', b'{"content":"\\ud800"}'])
def test_bad_bodies_are_400(content):
    a, b = people(2)
    conv = a.conversation(b)
    r = a.rest.call("POST", f"/api/v1/conversations/{conv}/messages", content=content, headers={"Content-Type": "application/json"})
    assert code_of(r, 400) == "bad_request"


def test_codes_of_refusals():
    a, b, x = people(3)
    conv = a.conversation(b)
    mid = a.send(conv, "hi")["id"]
    assert code_of(a.rest.get("/api/v1/conversations/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/messages/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/files/nope"), 400) == "bad_request"
    assert code_of(a.rest.get("/api/v1/users/nope/presence"), 400) == "bad_request"
    assert code_of(a.rest.get(f"/api/v1/messages/{uuid.uuid4()}"), 404) == "not_found"
    assert code_of(a.rest.get("/api/v1/nothing"), 404) == "not_found"
    r = a.rest.call("PATCH", "/api/v1/conversations")
    assert r.status_code == 405 and r.json()["code"] and r.headers["allow"]
    assert code_of(x.rest.get(f"/api/v1/conversations/{conv}"), 404) == "not_found"
    assert code_of(x.say(conv, "hi"), 403) == "forbidden"
    assert code_of(x.rest.get(f"/api/v1/conversations/{conv}/messages"), 403) == "forbidden"
    assert code_of(x.rest.get(f"/api/v1/messages/{mid}"), 403) == "forbidden"
    assert code_of(x.react(mid, "👍"), 403) == "forbidden"
    assert code_of(x.unreact(mid, "👍"), 403) == "forbidden"
    assert code_of(x.read(mid), 403) == "forbidden"
    assert code_of(x.edit(mid, "mine"), 403) == "forbidden"
    assert code_of(x.delete(mid), 403) == "forbidden"
    assert code_of(a.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": x.id}), 409) == "conflict"


def test_pages_fall_back_and_are_cut():
    a, b = people(2)
    conv = a.conversation(b)
    ids = [a.send(conv, f"m{i}")["id"] for i in range(3)][::-1]
    for bad in ({"limit": 0}, {"limit": -5}, {"limit": "x"}, {"limit": 1000}, {"offset": -1}, {"offset": "x"}):
        assert [m["id"] for m in b.history(conv, **bad)] == ids, bad
    assert good(Person().rest.get("/api/v1/conversations")) == []


# ---- 3. objects

def test_a_message_in_full():
    a, b = people(2)
    conv = a.conversation(b)
    root = a.send(conv, "root")
    assert set(root) == {"id", "conversation_id", "sender_id", "content", "type", "is_edited", "is_deleted", "created_at", "updated_at", "sender"}
    b.react(root["id"], "👍")
    b.read(root["id"])
    reply = b.send(conv, "reply", reply_to_id=root["id"], metadata={"k": 1})
    assert reply["reply_to"]["id"] == root["id"] and reply["reply_to"]["content"] == "root"
    for got in (a.get(root["id"]), a.history(conv)[1]):
        assert [(r["message_id"], r["user_id"], r["emoji"]) for r in got["reactions"]] == [(root["id"], b.id, "👍")]
        assert [(r["message_id"], r["user_id"]) for r in got["read_by"]] == [(root["id"], b.id)]
        assert uuid.UUID(got["reactions"][0]["id"]) and uuid.UUID(got["read_by"][0]["id"]) and got["read_by"][0]["read_at"]
    assert a.history(conv)[0]["reply_to"]["id"] == root["id"]
    assert len(root["created_at"].split(".")[1]) == 7   # microseconds and Z


def test_receipts_are_for_the_message_that_was_read():
    a, b = people(2)
    conv = a.conversation(b)
    ids = [a.send(conv, f"m{i}")["id"] for i in range(3)]
    with a.socket() as s:
        good(b.read(ids[1]))
        assert field(s.expect(is_receipt), "message_id") == ids[1]
        unread = lambda: good(b.rest.get(f"/api/v1/conversations/{conv}"))["unread_count"]
        assert unread() == 1   # those after the last one read
        readers = lambda mid: [r["user_id"] for r in a.get(mid).get("read_by", [])]
        assert (readers(ids[0]), readers(ids[1]), readers(ids[2])) == ([], [b.id], [])
        good(b.read(ids[0]))
        assert field(s.expect(is_receipt), "message_id") == ids[0]
        good(b.read(ids[0]))
        s.expect_none(is_receipt, quiet=0.3)
        assert readers(ids[0]) == [b.id] and unread() == 1
        good(a.read(ids[2]))   # one's own: no receipt
        assert readers(ids[2]) == []
        s.expect_none(is_receipt, quiet=0.3)


# ---- 4. conversations

@pytest.mark.parametrize("change", [{"type": None}, {"type": "channel"}, {"member_ids": None}, {"member_ids": []}, {"member_ids": ["anna"]},
                                    {"name": "n" * 256}, {"description": "d" * 2001}])
def test_bad_conversations_are_400(change):
    asked = {"type": "group", "member_ids": [new_user()], **change}
    assert code_of(Person().rest.post("/api/v1/conversations", {k: v for k, v in asked.items() if v is not None}), 400) == "bad_request"


def test_names_and_descriptions_up_to_their_limits():
    a, b = people(2)
    got = good(a.rest.post("/api/v1/conversations", {"type": "group", "member_ids": [b.id], "name": "ü" * 255, "description": "🙂" * 2000,
                                                     "avatar_url": "https://x/y.png"}), 201)
    assert got["name"] == "ü" * 255 and got["description"] == "🙂" * 2000 and got["avatar_url"] == "https://x/y.png"
    assert got["created_by"] == a.id and got["member_count"] == 2 and got["created_at"] and got["updated_at"]


def test_a_direct_conversation_is_of_two():
    a, b = people(2)
    for members in ([a.id], [a.id, b.id, new_user()], [b.id, new_user()]):
        assert code_of(a.rest.post("/api/v1/conversations", {"type": "direct", "member_ids": members}), 400) == "bad_request"
    both = together(*[lambda p=p, o=o: p.rest.post("/api/v1/conversations", {"type": "direct", "member_ids": [p.id, o.id]})
                      for p, o in ((a, b), (b, a), (a, b), (b, a))])
    assert sorted(r.status_code for r in both) == [200, 200, 200, 201] and len({r.json()["id"] for r in both}) == 1
    assert code_of(a.rest.delete(f"/api/v1/conversations/{both[0].json()['id']}/members/{b.id}"), 409) == "conflict"


def test_either_side_ends_a_direct_conversation_and_the_two_begin_another():
    a, b, x = people(3)
    first = a.conversation(b)
    a.send(first, "soon gone")
    refused(x.rest.delete(f"/api/v1/conversations/{first}"), 403, 404)
    with a.socket() as s:
        assert good(b.rest.delete(f"/api/v1/conversations/{first}")) == {"status": "ok"}
        assert s.expect("conversation.deleted")["data"]["conversation_id"] == first
    refused(a.rest.get(f"/api/v1/conversations/{first}"), 404)
    refused(a.rest.get(f"/api/v1/conversations/{first}/messages"), 403, 404)
    second = a.conversation(b)
    assert second != first and a.conversation(b) == second
    assert b.history(second) == []


def test_who_may_change_a_group():
    a, b, c = people(3)
    conv = a.conversation(b, c, name="n")
    refused(b.rest.put(f"/api/v1/conversations/{conv}", {"name": "mine"}), 403)
    with b.socket() as s:
        got = good(a.rest.put(f"/api/v1/conversations/{conv}", {"name": "new", "description": "d", "avatar_url": "https://x/z"}))
        assert (got["name"], got["description"], got["avatar_url"]) == ("new", "d", "https://x/z")
        assert s.expect("conversation.updated")["data"]["name"] == "new"
    assert good(a.rest.put(f"/api/v1/conversations/{conv}", {"name": "newer"}))["description"] == "d"
    direct = a.conversation(b)
    assert good(b.rest.put(f"/api/v1/conversations/{direct}", {"name": "us"}))["name"] == "us"


def test_members_come_and_go_and_come_back():
    a, b, c = people(3)
    conv = a.conversation(b, kind="group")
    with a.socket() as sa, c.socket() as sc:
        assert good(b.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": c.id})) == {"status": "ok"}   # any member adds
        assert field(sa.expect("member.added"), "user_id") == c.id and field(sc.expect("member.added"), "conversation_id") == conv
        good(b.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": c.id}))
        sa.expect_none("member.added", quiet=0.3)
        refused(b.rest.delete(f"/api/v1/conversations/{conv}/members/{c.id}"), 403)
        good(c.rest.delete(f"/api/v1/conversations/{conv}/members/{c.id}"))
        assert field(sa.expect("member.removed"), "user_id") == c.id and field(sc.expect("member.removed"), "user_id") == c.id
        refused(c.say(conv, "gone"), 403)
        good(b.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": c.id}))
        c.send(conv, "back")
    assert code_of(a.rest.post(f"/api/v1/conversations/{conv}/members", {}), 400) == "bad_request"
    assert code_of(a.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": "x"}), 400) == "bad_request"


def test_the_last_owners_leaving_makes_the_oldest_member_owner():
    a, b = people(2)
    conv = a.conversation(b, kind="group")
    c = Person()
    good(a.rest.post(f"/api/v1/conversations/{conv}/members", {"user_id": c.id}))
    good(a.rest.delete(f"/api/v1/conversations/{conv}/members/{a.id}"))
    roles = {m["id"]: m["role"] for m in good(b.rest.get(f"/api/v1/conversations/{conv}"))["members"]}
    assert roles == {b.id: "owner", c.id: "member"}
    good(b.rest.delete(f"/api/v1/conversations/{conv}"))


# ---- 5. messages

@pytest.mark.parametrize("change", [{"content": ""}, {"content": None}, {"content": "x" * 10001}, {"type": "system"}, {"type": "poll"},
                                    {"reply_to_id": "x"}, {"reply_to_id": str(uuid.uuid4())}, {"metadata": [1]},
                                    {"metadata": {"k": "x" * 16384}}, {"file_ids": [str(uuid.uuid4())]}, {"client_id": "k" * 65}])
def test_bad_messages_are_400(change):
    a, b = people(2)
    asked = {"content": "hello", **change}
    r = a.rest.post(f"/api/v1/conversations/{a.conversation(b)}/messages", {k: v for k, v in asked.items() if v is not None})
    assert code_of(r, 400) == "bad_request"


def test_ten_thousand_characters_and_every_type():
    a, b = people(2)
    conv = a.conversation(b)
    assert a.send(conv, "🙂" * 10000)["content"] == "🙂" * 10000
    for kind in ("text", "file", "image", "video", "audio"):
        assert a.send(conv, "x", type=kind)["type"] == kind
    text = " <script>alert(1)</script> '; DROP TABLE users; -- \t"
    assert a.send(conv, text)["content"] == text and b.history(conv)[0]["content"] == text


def test_the_same_client_id_is_one_message():
    a, b = people(2)
    conv = a.conversation(b)
    all_of_them = together(*[lambda: a.say(conv, "once", client_id="k")] * 4)
    assert sorted(r.status_code for r in all_of_them) == [200, 200, 200, 201] and len({r.json()["id"] for r in all_of_them}) == 1
    assert good(a.say(conv, "something else", client_id="k"))["content"] == "once"


def test_history_by_cursor():
    a, b = people(2)
    conv, other = a.conversation(b), a.conversation(Person())
    ids = [a.send(conv, f"m{i}")["id"] for i in range(5)]
    foreign = a.send(other, "elsewhere")["id"]
    assert [m["id"] for m in b.history(conv, before=ids[3], limit=2)] == [ids[2], ids[1]]
    assert [m["id"] for m in b.history(conv, after=ids[2])] == [ids[4], ids[3]]
    for bad in ({"before": foreign}, {"after": str(uuid.uuid4())}, {"before": "x"}):
        assert code_of(b.rest.get(f"/api/v1/conversations/{conv}/messages", params=bad), 400) == "bad_request"


def test_deleted_is_gone():
    a, b, c = people(3)
    conv = a.conversation(b, c)
    mid = b.send(conv, "rude word")["id"]
    refused(c.delete(mid), 403)
    good(a.delete(mid))   # the owner may
    for r in (b.delete(mid), b.rest.get(f"/api/v1/messages/{mid}"), b.edit(mid, "x"), b.react(mid, "👍"), b.read(mid)):
        assert code_of(r, 404) == "not_found"
    assert c.history(conv) == [] and c.search("rude") == []
    got = good(c.rest.get(f"/api/v1/conversations/{conv}"))
    assert got["unread_count"] == 0 and "last_message" not in got and "last_message_at" not in got


def test_edits_are_kept():
    a, b = people(2)
    mid = a.send(a.conversation(b), "one")["id"]
    for text in ("two", "three"):
        good(a.edit(mid, text))
    assert [e["previous_content"] for e in good(b.rest.get(f"/api/v1/messages/{mid}/edits"))] == ["one", "two"]
    assert code_of(a.edit(mid, ""), 400) == "bad_request"


def test_threads_are_oldest_first():
    a, b = people(2)
    conv = a.conversation(b)
    root = a.send(conv, "root")["id"]
    ids = [b.send(conv, f"r{i}", reply_to_id=root)["id"] for i in range(3)]
    assert [m["id"] for m in good(a.rest.get(f"/api/v1/messages/{root}/replies"))] == ids


@pytest.mark.parametrize("emoji", ["👍", "👨‍👩‍👧‍👦", "🇩🇪", "👋🏽", "#️⃣", "a/b", ":tada:", "100%", "é", "x" * 50])
def test_reactions_of_any_kind(emoji):
    a, b = people(2)
    conv = a.conversation(b)
    mid = a.send(conv, "nice")["id"]
    with a.socket() as s:
        good(b.react(mid, emoji))
        good(b.react(mid, emoji))
        f = s.expect("reaction.added")
        assert f["data"]["emoji"] == emoji and f["data"]["conversation_id"] == conv and f["data"]["id"] and f["data"]["created_at"]
        s.expect_none("reaction.added", quiet=0.2)
        assert [r["emoji"] for r in a.get(mid)["reactions"]] == [emoji]
        good(b.unreact(mid, emoji))
        good(b.unreact(mid, emoji))
        f = s.expect("reaction.removed")
        assert f["data"] == {"message_id": mid, "user_id": b.id, "emoji": emoji, "conversation_id": conv}
        s.expect_none("reaction.removed", quiet=0.2)


@pytest.mark.parametrize("emoji", ["", "x" * 51, "a b", "a\tb", "\n", "a\x01"])
def test_bad_reactions_are_400(emoji):
    a, b = people(2)
    assert code_of(a.react(a.send(a.conversation(b), "x")["id"], emoji), 400) == "bad_request"


# ---- 6. search

def test_search_finds_substrings_words_and_phrases():
    a, b = people(2)
    conv = a.conversation(b)
    one = a.send(conv, "100% sure_thing ÄPFEL and Birnen")["id"]
    two = a.send(conv, "1000 sure thing Birnen zuerst, dann äpfel")["id"]
    found = lambda q, **more: [m["id"] for m in b.search(q, **more)]
    assert found("äpfel") == [two, one] and found("birnen äpfel") == [two, one] and found("pfel and B") == [one]
    assert found('"birnen zuerst"') == [two] and found('"zuerst birnen"') == []
    assert found("0%") == [one] and found("sure_t") == [one] and found("\\") == []
    assert found("birnen", limit=1) == [two] and found("birnen", limit=1, offset=1) == [one]
    other = a.conversation(Person())
    assert found("birnen", conversation_id=conv) == [two, one]
    assert [m["id"] for m in a.search("birnen", conversation_id=other)] == []
    assert b.search("birnen")[0]["sender"]["id"] == a.id
    for bad in ("", "   "):
        assert code_of(b.rest.get("/api/v1/search/messages", params={"q": bad}), 400) == "bad_request"


def test_who_has_left_finds_nothing():
    a, b = people(2)
    conv = a.conversation(b, kind="group")
    a.send(conv, "needle")
    assert len(b.search("needle")) == 1
    good(b.rest.delete(f"/api/v1/conversations/{conv}/members/{b.id}"))
    assert b.search("needle") == []


def test_conversations_are_found_by_name_description_or_member():
    a, b = Person(username="annabel"), Person(username="zebulon", display_name="Zeb The Great")
    good(b.rest.get("/api/v1/conversations"))
    conv = a.conversation(b, kind="group", name="Plans", description="for the winter")
    for q in ("PLAN", "winter", "zebul", "the great"):
        assert [c["id"] for c in good(a.rest.get("/api/v1/search/conversations", params={"q": q}))] == [conv], q
    assert good(a.rest.get("/api/v1/search/conversations", params={"q": "nothing"})) == []


# ---- 7. files

def test_files_say_what_they_are():
    a, b, x = people(3)
    got = good(upload_named(a, "../../etc/päss\x01wd.png", PNG, "image/png"), 201)
    assert got["original_filename"] == "pässwd.png" and got["mime_type"] == "image/png" and got["size_bytes"] == len(PNG)
    assert got["url"] == f"/api/v1/files/{got['id']}" and "storage_path" not in got and got["filename"] and got["created_at"]
    r = a.rest.get(got["url"])
    assert r.headers["content-type"] == "image/png" and r.headers["content-disposition"].startswith("inline")
    assert r.headers["etag"] and r.headers["accept-ranges"] == "bytes" and r.headers["x-content-type-options"] == "nosniff"
    assert r.headers["content-length"] == str(len(PNG))
    assert a.rest.get(got["url"], headers={"If-None-Match": r.headers["etag"]}).status_code == 304
    part = a.rest.get(got["url"], headers={"Range": "bytes=1-3"})
    assert part.status_code == 206 and part.content == b"PNG" and part.headers["content-range"] == f"bytes 1-3/{len(PNG)}"
    assert a.rest.get(got["url"], headers={"Range": "bytes=9999-"}).status_code == 416
    assert b.rest.get(got["url"]).status_code == 404
    conv = a.conversation(b)
    sent = a.send(conv, "", type="image", file_ids=[got["id"]])
    assert sent["content"] == "" and sent["attachments"][0]["id"] == got["id"] and sent["attachments"][0]["message_id"] == sent["id"]
    assert sent["attachments"][0]["size_bytes"] == len(PNG) and sent["attachments"][0]["mime_type"] == "image/png"
    assert b.rest.get(got["url"]).content == PNG and x.rest.get(got["url"]).status_code == 404
    assert code_of(a.say(conv, "again", file_ids=[got["id"]]), 400) == "bad_request"   # it is attached by now
    refused(b.rest.delete(got["url"]), 403, 404)
    good(a.rest.delete(got["url"]))
    assert a.rest.get(got["url"]).status_code == 404 and "attachments" not in a.get(sent["id"])


@pytest.mark.parametrize("name, content, mime", [("a.png", b"not a picture", "image/png"), ("a.pdf", b"no pdf", "application/pdf"),
                                                 ("a.html", b"<html><body>hi</body></html>", "text/html"),
                                                 ("a.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml"),
                                                 ("a.js", b"alert(1)", "application/javascript"), ("a.exe", b"MZ\x90\0" + b"\0" * 60, "application/octet-stream"),
                                                 ("a.elf", pathlib.Path("/bin/true").read_bytes(), "application/octet-stream"),
                                                 ("a.sh", b"#!/bin/sh\nrm -rf /\n", "text/plain")])
def test_files_that_lie_or_run_are_415(name, content, mime):
    assert code_of(Person().upload(name, content, mime), 415) == "unsupported_media_type"


def test_uploads_that_are_none_are_400():
    a = Person()
    assert code_of(a.upload("empty.txt", b""), 400) == "bad_request"
    assert code_of(a.rest.call("POST", "/api/v1/files", files={"other": ("a.txt", b"x", "text/plain")}), 400) == "bad_request"
    assert code_of(a.rest.call("POST", "/api/v1/files", content=b"bare bytes", headers={"Content-Type": "text/plain"}), 400) == "bad_request"


def test_exactly_10_mib_are_taken():
    got = good(Person().upload("big.bin", b"\x01" * (10 * 1024 * 1024), "application/octet-stream"), 201)
    assert got["size_bytes"] == 10 * 1024 * 1024


# ---- 8. presence

def test_a_user_never_seen_is_404():
    assert code_of(Person().rest.get(f"/api/v1/users/{new_user()}/presence"), 404) == "not_found"


def test_invisible_people_still_receive():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as sa, b.socket() as sb:
        sa.send({"type": "presence.update", "status": "offline"})
        sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        assert b.presence(a.id)["status"] == "offline"
        assert a.id not in good(b.rest.get("/api/v1/users/online"))["users"]
        b.send(conv, "psst")
        sa.expect("message.new")
        sa.send({"type": "presence.update", "data": {"status": "away"}})
        f = sb.expect("presence.changed", where=about(status="away"))
        assert f["user_id"] == a.id and f["data"] == {"user_id": a.id, "status": "away"}
        sa.send({"type": "presence.update", "status": "away"})
        sb.expect_none("presence.changed", quiet=0.3)
        sa.send({"type": "presence.update", "status": "sleeping", "request_id": "r"})
        f = sa.expect("error")
        assert f["data"]["code"] == "HANDLE_ERROR" and f["data"]["request_id"] == "r"


def test_people_are_shown_with_when_they_were_there_last():
    a, b, c = people(3)
    conv = a.conversation(b, c)
    sent = a.send(conv, "hello")
    shown = lambda who: {one["id"]: one for one in good(who.rest.get(f"/api/v1/conversations/{conv}"))["members"]}
    assert all("last_seen" not in one for one in shown(b).values())   # of those who never were
    with b.socket() as sb:
        def a_comes_and_goes():
            a.socket().close()
            for status in ("online", "offline"):
                sb.expect("presence.changed", where=about(user_id=a.id, status=status))

        a_comes_and_goes()
        seen = shown(b)
        assert seen[a.id]["status"] == "offline" and seen[a.id]["last_seen"] == b.presence(a.id)["last_seen"]
        assert seen[b.id]["status"] == "online" and "last_seen" not in seen[b.id]
        first = seen[a.id]["last_seen"]
        a_comes_and_goes()
        later = shown(b)[a.id]["last_seen"]
        assert later > first
        assert b.get(sent["id"])["sender"]["last_seen"] == b.history(conv)[0]["sender"]["last_seen"] == later
        a.send(conv, "again")
        assert sb.expect("message.new")["data"]["sender"]["last_seen"] == later
        listed = good(b.rest.get("/api/v1/conversations"))[0]
        assert listed["last_message"]["sender"]["last_seen"] == later


def test_when_somebody_was_there_last_is_known_after_a_restart():
    port = services.free_port()
    base = f"http://127.0.0.1:{port}"
    with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=messaging"]) as running:
        a, b = Person(base=base), Person(base=base)
        conv = a.conversation(b)
        a.socket().close()
        member = lambda: next(one for one in good(b.rest.get(f"/api/v1/conversations/{conv}"))["members"] if one["id"] == a.id)
        services.wait_until(lambda: "last_seen" in member(), 5, "their leaving")
        before = member()["last_seen"]
        running.stop()
        running.start()
        b = Person(b.id, base)
        assert abs(datetime.fromisoformat(member()["last_seen"]) - datetime.fromisoformat(before)) < timedelta(seconds=5)


def test_presence_is_for_those_who_share_a_conversation_and_the_last_socket():
    a, b, x = people(3)
    a.conversation(b)
    with b.socket() as sb, x.socket() as sx:
        with a.socket() as s1:
            sb.expect("presence.changed", where=about(user_id=a.id, status="online"))
            with a.socket() as s2:
                sb.expect_none("presence.changed", quiet=0.3)
                s1.send({"type": "presence.update", "status": "busy"})
                s2.expect("presence.changed", where=about(user_id=a.id, status="busy"))   # one's own other device
            sb.expect("presence.changed", where=about(status="busy"))
            sb.expect_none("presence.changed", quiet=0.3)
        sb.expect("presence.changed", where=about(user_id=a.id, status="offline"))
        sx.expect_none("presence.changed", quiet=0.1)
    assert good(b.rest.get("/api/v1/users/online"))["count"] >= 0


# ---- 9. the socket

def test_acknowledgements_are_for_who_asks():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as s:
        s.send({"type": "message.send", "conversation_id": conv, "content": "one", "request_id": "r1"})
        ack = s.expect("ack")
        assert ack["request_id"] == "r1" and ack["data"]["content"] == "one"
        mid = ack["data"]["id"]
        for frame in ({"type": "message.edit", "message_id": mid, "content": "uno"}, {"type": "reaction.add", "message_id": mid, "emoji": "👍"},
                      {"type": "reaction.remove", "data": {"message_id": mid, "emoji": "👍"}}, {"type": "message.read", "message_id": mid},
                      {"type": "typing.start", "conversation_id": conv}, {"type": "presence.update", "status": "away"},
                      {"type": "message.delete", "message_id": mid}):
            s.send({**frame, "request_id": "r"})
            assert s.expect(lambda f: f.get("type") in ("ack", "error"))["type"] == "ack", frame
        s.send({"type": "message.send", "conversation_id": conv, "content": "quiet"})
        s.expect("message.new", where=lambda f: f["data"]["content"] == "quiet")
        s.expect_none("ack", quiet=0.2)


def test_data_wins_over_what_stands_beside_the_type():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as s:
        s.send({"type": "message.send", "conversation_id": str(uuid.uuid4()), "content": "outside",
                "data": {"conversation_id": conv, "content": "inside", "type": "image"}})
        got = s.expect("message.new")["data"]
        assert got["content"] == "inside" and got["type"] == "image"
        s.send({"type": "message.send", "conversation_id": conv, "content": "outside", "message_type": "video", "data": {"content": "inside"}})
        got = s.expect("message.new")["data"]
        assert got["content"] == "inside" and got["type"] == "video"


@pytest.mark.parametrize("frame, code", [("{bad", "INVALID_MESSAGE"), ("[]", "INVALID_MESSAGE"), ("{}", "INVALID_MESSAGE"), ('{"type":5}', "INVALID_MESSAGE"),
                                         (b"\xff", "INVALID_MESSAGE"), ('{"type":"x"}', "HANDLE_ERROR"),
                                         ('{"type":"message.read"}', "HANDLE_ERROR"), ('{"type":"message.read","message_id":"x"}', "HANDLE_ERROR"),
                                         ('{"type":"message.read","message_id":5}', "HANDLE_ERROR"),
                                         ('{"type":"typing.start","conversation_id":"6b01c14f-7854-8e24-8315-45955d000000"}', "HANDLE_ERROR")])
def test_bad_frames(frame, code):
    with Person().socket() as s:
        s.send(frame)
        assert s.expect("error")["data"]["code"] == code
        s.send(b'{"type":"ping"}')   # binary is read as text
        s.expect("pong")


def test_typing_ends_by_itself():
    a, b = people(2)
    conv = a.conversation(b)
    with a.socket() as sa, b.socket() as sb:
        sa.send({"type": "typing.start", "conversation_id": conv})
        assert sb.expect("typing.indicator")["is_typing"] is True
        begun = time.monotonic()
        assert sb.expect("typing.indicator", timeout=8)["is_typing"] is False
        assert 3.5 < time.monotonic() - begun < 7


def test_a_frame_of_more_than_half_a_mebibyte_ends_the_connection():
    with Person().socket() as s:
        s.send(json.dumps({"type": "ping", "x": "y" * (512 * 1024)}))
        assert s.wait_closed()[0] == 1009


def test_too_many_frames_are_refused_and_the_socket_lives():
    with Person().socket() as s:
        for _ in range(400):
            s.send({"type": "ping"})
        assert s.expect("error")["data"]["code"] == "RATE_LIMITED"
        assert s.closed is None


def test_conversations_are_told_of_as_they_come():
    a, b, c = people(3)
    with b.socket() as s:
        conv = a.conversation(b, c, name="fresh")
        got = s.expect("conversation.created")["data"]
        assert got["id"] == conv and got["name"] == "fresh" and got["member_count"] == 3 and got["unread_count"] == 0


# ---- 11. operations

def test_readiness_names_its_checks(base):
    got = good(Rest(base).get("/ready"))
    assert got["status"] == "ready" and got["checks"]["database"] == "up" and got["checks"]["storage"] == "up"


def test_conversations_are_counted_whoever_is_there(base, server):
    def counted() -> float:
        line = next(one for one in Rest(base).get("/metrics").text.splitlines() if one.startswith("messaging_conversations_total "))
        return float(line.split()[1])

    a = Person()
    before = counted()
    conv = a.conversation(Person())
    services.wait_until(lambda: counted() == before + 1, 10, "the count of conversations")
    server.stop()
    server.start()
    services.wait_until(lambda: counted() == before + 1, 10, "the count after a restart")
    good(a.rest.delete(f"/api/v1/conversations/{conv}"))
    services.wait_until(lambda: counted() == before, 10, "the count of conversations")
