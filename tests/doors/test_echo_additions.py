"""Reactions, search, keys and sealed texts at the echo door (docs/wires/echo.md §11)."""
from __future__ import annotations

from echo import Person, body, data, people, refused
from echo_door import server  # noqa: F401


def test_reactions_are_grouped_and_idempotent():
    a, b = people(2)
    c = a.conversation(b)
    mid = a.send(c, "nice")["id"]
    path = f"/api/v1/messages/{mid}/reactions"
    with a.socket() as s:
        data(a.rest.post(path, {"reaction_type": "👍"}), 201)
        data(b.rest.post(path, {"reaction_type": "👍"}), 201)
        data(b.rest.post(path, {"reaction_type": "👍"}), 200)
        data(b.rest.post(path, {"reaction_type": ":tada:"}), 201)
        seen = [body(s.expect("reaction_added")) for _ in range(3)]
        assert [(f["user_id"], f["reaction_type"]) for f in seen] == [(a.id, "👍"), (b.id, "👍"), (b.id, ":tada:")]
        assert all(f["message_id"] == mid and f["conversation_id"] == c and f["timestamp"] for f in seen)
        assert b.history(c)[0]["reactions"] == [{"reaction_type": "👍", "count": 2, "user_ids": [a.id, b.id]},
                                                {"reaction_type": ":tada:", "count": 1, "user_ids": [b.id]}]
        for _ in range(2):
            data(b.rest.delete(path + "/%F0%9F%91%8D"))
        assert body(s.expect("reaction_removed"))["user_id"] == b.id
        s.expect_none("reaction_removed", quiet=0.3)
    for bad in ("", "ab", "👍👍", "x" * 101, "no colons:"):
        refused(a.rest.post(path, {"reaction_type": bad}), 400)
    refused(Person().rest.post(path, {"reaction_type": "👍"}), 403)


def test_search():
    a, b, x = people(3)
    c, other = a.conversation(b), a.conversation(Person())
    first = a.send(c, "The Purple Elephant sleeps")["id"]
    second = a.send(c, "an elephant is PURPLE")["id"]
    a.send(other, "purple elephant elsewhere")
    ask = lambda who, **q: data(who.rest.get("/api/v1/messages/search", params=q))
    assert [m["id"] for m in ask(b, q="elephant purple")["messages"]] == [second, first]
    assert [m["id"] for m in ask(b, q='"purple elephant"')["messages"]] == [first]
    assert [m["id"] for m in ask(a, q="purple", conversation_id=c)["messages"]] == [second, first]
    page = ask(b, q="purple", limit=1)
    assert [m["id"] for m in page["messages"]] == [second] and page["has_more"] is True
    assert [m["id"] for m in ask(b, q="purple", limit=1, before_id=second)["messages"]] == [first]
    assert ask(x, q="purple")["messages"] == []
    for bad in ({}, {"q": " "}, {"q": "x", "limit": 0}):
        refused(b.rest.get("/api/v1/messages/search", params=bad), 400)


def test_a_text_for_its_readers_alone_is_not_found():
    a, b = people(2)
    c = a.conversation(b)
    sealed = a.send(c, "cipher needle", metadata={"e2ee": {"alg": "x"}})
    assert sealed["content"] == "cipher needle" and b.history(c)[0]["metadata"] == {"e2ee": {"alg": "x"}}
    assert data(b.rest.get("/api/v1/messages/search", params={"q": "needle"}))["messages"] == []
    refused(a.say(c, "x" * 10001, metadata={"e2ee": {"alg": "x"}}), 400)


def test_public_keys_are_kept_for_each_device():
    a, b = people(2)
    refused(b.rest.get(f"/api/v1/keys/{a.id}"), 404)
    for device, key in (("phone", "k1"), ("laptop", "k2"), ("phone", "k3")):
        got = data(a.rest.call("PUT", "/api/v1/keys", json={"identity": key, "n": [1, {"ü": None}]}, headers={"X-Device-ID": device}))
        assert got["device_id"] == device and got["bundle"] == {"identity": key, "n": [1, {"ü": None}]}
    got = data(b.rest.get(f"/api/v1/keys/{a.id}"))
    assert got["user_id"] == a.id
    assert {one["device_id"]: one["bundle"]["identity"] for one in got["bundles"]} == {"laptop": "k2", "phone": "k3"}
    assert all(one["updated_at"] for one in got["bundles"])
    for bad in (b"", b"{}", b"[1]"):
        refused(a.rest.call("PUT", "/api/v1/keys", content=bad), 400)
    refused(a.rest.call("PUT", "/api/v1/keys", json={"k": "x" * 17000}), 413)
    refused(b.rest.get("/api/v1/keys/anna"), 400)
