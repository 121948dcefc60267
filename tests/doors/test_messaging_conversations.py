"""Conversations, and finding them and what was said, at the messaging door (docs/wires/messaging.md §4, §6)."""
from __future__ import annotations

import pytest
from client import new_user
from messaging import Person, field, good, people, refused, together
from messaging_door import code_of, server  # noqa: F401

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


def test_a_picture_comes_with_the_conversation_or_neither_does():
    a, b = people(2)
    asked = {"type": "group", "name": "with a picture", "member_ids": [b.id]}
    assert good(a.rest.post("/api/v1/conversations", {**asked, "avatar_url": "https://x/" + "y" * 1990}), 201)["avatar_url"].startswith("https://x/")
    assert code_of(a.rest.post("/api/v1/conversations", {**asked, "avatar_url": "y" * 2001}), 400) == "bad_request"
    assert len(good(a.rest.get("/api/v1/conversations"))) == 1
