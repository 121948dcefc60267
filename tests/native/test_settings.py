"""§3: what a conversation can be set to, and what its members see of it."""
from __future__ import annotations

import pytest
from native import Person, Refused, problem


def set_(who: Person, conversation: dict, **settings):
    return who.rest.call("PATCH", f"/v1/conversations/{conversation['id']}", json={"settings": settings})


def test_slow_mode_lets_members_wait_and_says_how_long(anna: Person, ben: Person):
    group = anna.group(ben)
    with ben.socket() as b:
        assert set_(anna, group, slow_mode_s=60).json()["settings"]["slow_mode_s"] == 60
        assert b.expect("conversation.updated")["data"]["settings"]["slow_mode_s"] == 60
        first = ben.say(group, "one", client_id="k")
        refused = ben.rest.post(f"/v1/conversations/{group['id']}/messages", {"text": "two"})
        problem(refused, 429, "rate_limited")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert ben.say(group, "one", client_id="k")["id"] == first["id"]
        with pytest.raises(Refused) as told:
            b.ask("message.send", {"conversation_id": group["id"], "text": "two"})
        assert told.value.code == "rate_limited" and 0 < told.value.error["retry_after_ms"] <= 60_000
    for i in range(3):   # who leads does not wait
        anna.say(group, str(i))
    set_(anna, group, slow_mode_s=0)
    ben.say(group, "two")


def test_the_first_message_waits_for_an_answer_where_that_is_set(anna: Person, ben: Person):
    talk = anna.direct(ben)
    assert talk["settings"]["first_message_limit"] is False
    assert set_(anna, talk, first_message_limit=True).json()["settings"]["first_message_limit"] is True
    anna.say(talk, "hello?")
    problem(anna.rest.post(f"/v1/conversations/{talk['id']}/messages", {"text": "hello??"}), 403, "muted")
    ben.say(talk, "hello")
    anna.say(talk, "good")


@pytest.mark.parametrize("wrong", [{"slow_mode_s": -1}, {"slow_mode_s": 86_401}, {"slow_mode_s": "10"}, {"retention_days": -1}, {"retention_days": 36_501},
                                   {"retention_days": 1.5}, {"first_message_limit": "yes"}])
def test_settings_out_of_range_are_refused(anna: Person, ben: Person, wrong: dict):
    group = anna.group(ben)
    problem(set_(anna, group, **wrong), 422)
    problem(set_(ben, group, slow_mode_s=1), 403)
    assert set_(anna, group, retention_days=30).json()["settings"]["retention_days"] == 30


@pytest.mark.parametrize("where, body", [("/v1/conversations/{c}", {"avatar_url": "javascript:alert(1)"}), ("/v1/conversations/{c}", {"name": "a\0b"}),
                                         ("/v1/conversations/{c}", {"metadata": {"deep": ["a\0"]}}), ("/v1/messages/{m}", {"text": "a\0"}),
                                         ("/v1/messages/{m}", {"attachments": []})])
def test_what_cannot_be_kept_is_refused(anna: Person, ben: Person, where: str, body: dict):
    group = anna.group(ben)
    message = anna.say(group, "backslash and u0000: \\u0000")
    assert anna.history(group)[0]["text"] == "backslash and u0000: \\u0000"
    problem(anna.rest.call("PATCH", where.format(c=group["id"], m=message["id"]), json=body), 422)
    send = f"/v1/conversations/{group['id']}/messages"
    for name in ("size", "width", "height", "duration"):
        problem(anna.rest.post(send, {"attachments": [{"url": "https://example.org/a", name: -1}]}), 422)
    problem(anna.rest.post(send, {"text": "x", "client_id": "a\0"}), 422)
    problem(anna.rest.get("/v1/conversations", params={"with": "a\0b"}), 400)
    problem(anna.rest.get("/v1/users/a%00b"), 404)
    with anna.socket() as a:
        assert a.refused("message.send", {"conversation_id": group["id"], "text": "x", "metadata": {"a": "\0"}}) == "unprocessable"


def test_messages_say_how_far_they_have_come_wherever_they_are_shown(anna: Person, ben: Person):
    talk = anna.direct(ben)
    top = anna.say(talk, "the question of questions")
    reply = ben.say(talk, "an answer", parent_id=top["id"])
    ben.rest.put(f"/v1/messages/{top['id']}/reactions/:ok:")
    ben.rest.put(f"/v1/messages/{top['id']}/pin")
    ben.rest.post(f"/v1/conversations/{talk['id']}/read", {"seq": top["seq"]})
    anna.rest.post(f"/v1/conversations/{talk['id']}/read", {"seq": reply["seq"]})
    whole = anna.rest.get(f"/v1/messages/{top['id']}").json()
    assert whole["status"] == "read" and whole["reply_count"] == 1 and whole["reactions"] == [{"emoji": ":ok:", "count": 1, "me": False}]
    assert anna.rest.get(f"/v1/conversations/{talk['id']}/pins").json()["items"] == [whole]
    found = anna.rest.get("/v1/search/messages", params={"q": "question"}).json()["items"][0]
    found.pop("snippet")
    assert found == whole
    assert ben.listing(talk)["last_message"]["status"] == "read"
    assert ben.rest.get(f"/v1/conversations/{talk['id']}").json()["last_message"]["status"] == "read"
    assert anna.rest.get(f"/v1/conversations/{talk['id']}/messages/{top['id']}/thread").json()["items"][0]["status"] == "read"
    edited = anna.rest.call("PATCH", f"/v1/messages/{top['id']}", json={"text": "another question"}).json()
    assert edited["status"] == "read" and edited["reactions"] == whole["reactions"] and edited["reply_count"] == 1


def test_a_thread_is_read_in_both_directions(anna: Person, ben: Person):
    talk = anna.direct(ben)
    top = anna.say(talk, "top")
    seqs = [anna.say(talk, str(i), parent_id=top["id"])["seq"] for i in range(7)]
    where = f"/v1/conversations/{talk['id']}/messages/{top['id']}/thread"
    read = lambda **params: anna.rest.get(where, params=params).json()
    first = read(limit=3)
    assert [one["seq"] for one in first["items"]] == seqs[:3]
    assert [one["seq"] for one in read(limit=3, after=first["next"])["items"]] == seqs[3:6]
    assert [one["seq"] for one in read(after_seq=seqs[4])["items"]] == seqs[5:]
    last = read(limit=3, before_seq=seqs[6])
    assert [one["seq"] for one in last["items"]] == seqs[3:6]
    assert [one["seq"] for one in read(limit=3, after=last["next"])["items"]] == seqs[:3]
    problem(anna.rest.get(where, params={"around_seq": 3}), 400)
