"""§3: finding messages and conversations."""
from __future__ import annotations

import pytest
from native import Person, problem


def found(person: Person, q: str, **params) -> list[str]:
    answer = person.rest.get("/v1/search/messages", params={"q": q, **params})
    assert answer.status_code == 200, answer.text
    return [one["text"] for one in answer.json()["items"]]


def test_edits_and_deletions_show_at_once(anna: Person, ben: Person):
    talk = anna.direct(ben)
    message = anna.say(talk, "an unusual porcupine")
    assert found(ben, "porcupine") == ["an unusual porcupine"]
    anna.rest.call("PATCH", f"/v1/messages/{message['id']}", json={"text": "an unusual hedgehog"})
    assert (found(ben, "porcupine"), found(ben, "hedge*")) == ([], ["an unusual hedgehog"])
    anna.rest.delete(f"/v1/messages/{message['id']}")
    assert found(ben, "hedgehog") == []


def test_who_has_left_finds_nothing_any_more(anna: Person, ben: Person):
    plans = anna.group(ben)
    anna.say(plans, "the marmalade plan")
    assert found(ben, "marmalade") == ["the marmalade plan"]
    anna.rest.delete(f"/v1/conversations/{plans['id']}/members/{ben.id}")
    assert found(ben, "marmalade") == []
    problem(ben.rest.get("/v1/search/messages", params={"q": "marmalade", "conversation_id": plans["id"]}), 404)
    assert found(anna, "marmalade") == ["the marmalade plan"]


def test_filters_and_words(anna: Person, ben: Person):
    talk, other = anna.direct(ben), anna.group(ben)
    first = anna.say(talk, "Crème brûlée <b>for</b> two")
    ben.say(talk, "creme caramel")
    ben.say(other, "crème fraîche", attachments=[{"url": "https://example.org/a.png"}])
    assert found(anna, "CREME") == ["crème fraîche", "creme caramel", "Crème brûlée <b>for</b> two"]
    assert found(anna, "creme", sender_id=ben.id, conversation_id=talk["id"]) == ["creme caramel"]
    assert found(anna, "creme -caramel -fraiche") == ["Crème brûlée <b>for</b> two"]
    assert found(anna, "creme", has="attachment") == ["crème fraîche"]
    assert found(anna, "creme", to=first["created_at"]) == [] or found(anna, "creme", to=first["created_at"])[-1].startswith("Crème")
    assert found(anna, "creme", type="image") == []
    snippet = anna.rest.get("/v1/search/messages", params={"q": "brulee"}).json()["items"][0]["snippet"]
    assert snippet == "Crème <mark>brûlée</mark> &lt;b&gt;for&lt;/b&gt; two"


def test_pages_have_each_hit_once(anna: Person, ben: Person):
    talk = anna.direct(ben)
    for i in range(25):
        anna.say(talk, f"page {i}")
    texts, after = [], {}
    while True:
        page = ben.rest.get("/v1/search/messages", params={"q": "page", "limit": 10, **after}).json()
        texts += [one["text"] for one in page["items"]]
        anna.say(talk, "page of a newcomer")
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert texts == [f"page {i}" for i in reversed(range(25))]


@pytest.mark.parametrize("params", [{}, {"q": ""}, {"q": "-x"}, {"q": "x", "limit": "0"}, {"q": "x", "after": "zz"}, {"q": "x", "from": "yesterday"},
                                    {"q": "x", "has": "legs"}, {"q": "x", "type": "smoke"}])
def test_a_bad_question_is_refused(anna: Person, params: dict):
    problem(anna.rest.get("/v1/search/messages", params=params), 400)


def test_conversations_by_name_and_by_people(anna: Person, ben: Person, cleo: Person):
    named = anna.rest.post("/v1/conversations", {"type": "group", "name": "Sailing in Ouistreham", "members": [cleo.id]}).json()
    direct = anna.direct(ben)
    ids = lambda q, who=anna: [one["id"] for one in who.rest.get("/v1/search/conversations", params={"q": q}).json()["items"]]
    assert ids("sailing") == [named["id"]] and ids("ouistr*") == [named["id"]]
    assert ids(ben.id) == [direct["id"]]
    assert ids("sailing", ben) == []
    problem(anna.rest.get("/v1/search/conversations"), 400)
