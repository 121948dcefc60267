"""Messages and files at the messaging door (docs/wires/messaging.md §5, §7)."""
from __future__ import annotations

import pathlib
import uuid

import pytest
from messaging import Person, good, people, refused, together
from messaging_door import PNG, code_of, server, upload_named  # noqa: F401

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


# ---- 7. files

def test_a_reaction_that_can_not_be_there_is_not_there():
    a, b = people(2)
    mid = a.send(a.conversation(b), "hi")["id"]
    for emoji in ("a b", "x" * 51):
        assert good(b.unreact(mid, emoji)) == {"status": "ok"}


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
