"""§3: finding messages and conversations."""
from __future__ import annotations

import random

import pytest
from conftest import new_server
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


def test_conversations_come_in_pages(anna: Person, ben: Person):
    word = "Ouagadougou"
    made = [anna.rest.post("/v1/conversations", {"type": "group", "name": f"{word} {i}", "members": []}).json()["id"] for i in range(7)]
    anna.rest.post("/v1/conversations", {"type": "group", "name": "elsewhere", "members": []})
    found, after = [], {}
    while True:
        page = anna.rest.get("/v1/search/conversations", params={"q": word, "limit": 3, **after}).json()
        assert len(page["items"]) == min(3, 7 - len(found))
        found += [one["id"] for one in page["items"]]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert found == made[::-1]
    problem(anna.rest.get("/v1/search/conversations", params={"q": word, "after": "zz"}), 400)


def test_scripts_without_spaces_phrases_and_exclusions(anna: Person, ben: Person):
    talk = anna.direct(ben)
    for text in ["今天天气很好，我们去公园吧", "公园在哪里", "園公", "ここはとうきょうです", "the brown fox", "a fox so brown", "brown foxes"]:
        anna.say(talk, text)
    assert found(ben, "公园") == ["公园在哪里", "今天天气很好，我们去公园吧"]
    assert found(ben, "天气 公园") == ["今天天气很好，我们去公园吧"]
    assert found(ben, "公园 -哪里") == ["今天天气很好，我们去公园吧"]
    assert found(ben, "とうきょう") == ["ここはとうきょうです"]
    assert found(ben, '"brown fox"') == ["the brown fox"]
    assert found(ben, '"brown fox*"') == ["brown foxes", "the brown fox"]
    assert found(ben, "brown fox") == ["a fox so brown", "the brown fox"]
    assert found(ben, "brown -fox") == ["brown foxes"]


def test_never_a_hit_in_a_conversation_the_caller_is_not_in(anna: Person, ben: Person, cleo: Person):
    mine, ours, theirs = anna.group(), anna.group(ben), anna.group(cleo)
    for talk in (mine, ours, theirs):
        for i in range(20):
            anna.say(talk, f"secret handshake {i}")
    assert len(found(anna, "handshake", limit=100)) == 60
    assert [len(found(one, "handshake", limit=100)) for one in (ben, cleo)] == [20, 20]
    assert found(Person(base=anna.base), "handshake") == []
    problem(ben.rest.get("/v1/search/messages", params={"q": "handshake", "conversation_id": theirs["id"]}), 404)


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_everything_acknowledged_is_found_also_after_a_kill(store: str):
    """What was said, edited and deleted just before a kill -9, and what is said just after it, before an index can have it."""
    chance = random.Random(11)
    with new_server(store, "--rate-limit", "off") as server:
        anna, ben = Person(base=server.url), Person(base=server.url)
        talk = anna.direct(ben)
        living: dict[str, str] = {}
        for life in range(3):
            for i in range(40):
                word = f"word{life}x{i}"
                message = anna.say(talk, f"{word} common")
                living[message["id"]] = word
                assert found(ben, word) == [f"{word} common"]
                one = chance.choice(list(living))
                if i % 5 == 3:
                    living[one] = f"edited{life}x{i}"
                    anna.rest.call("PATCH", f"/v1/messages/{one}", json={"text": f"{living[one]} common"})
                    assert found(ben, living[one]) == [f"{living[one]} common"]
                if i % 5 == 4:
                    anna.rest.delete(f"/v1/messages/{one}")
                    assert found(ben, living.pop(one)) == []
            server.kill()
            server.start()
            assert sorted(found(ben, "common", limit=100)) == sorted(f"{word} common" for word in living.values())
            for word in living.values():
                assert found(ben, word) == [f"{word} common"]
