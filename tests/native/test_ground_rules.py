"""§1 and §3: bodies, pages, keys, paths."""
from __future__ import annotations

import concurrent.futures
import json

import pytest
from native import Person, problem

JSON = {"Content-Type": "application/json"}


def post_raw(person: Person, conversation: dict, body: bytes, **headers: str):
    return person.rest.call("POST", f"/v1/conversations/{conversation['id']}/messages", content=body, headers={**JSON, **headers})


@pytest.mark.parametrize("body, status", [
    (b'{"text":"a\\u0000b"}', 422),                 # U+0000
    (b'{"text":"a\\ud800b"}', 422),                 # half of a pair
    (b'{"text":"\xff"}', 400),                      # not UTF-8
    (b'{"text":', 400),
    (b'', 400),
    (b'[]', 422),
    (b'{"metadata":' + b'{"a":' * 101 + b'1' + b'}' * 101 + b',"text":"x"}', 400),
    (b'{"text":7}', 422),
    (b'{"text":"x","metadata":[]}', 422),
    (b'{"text":"x","type":"carrier pigeon"}', 422),
    (b'{"text":"x","client_id":7}', 422),
    (b'{"text":"x","client_id":"a\\u0000"}', 422),
    (b'{"text":"x","attachments":{}}', 422),
    (b'{"text":"x","attachments":[{"url":"ftp://x/y"}]}', 422),
    (b'{"text":"x","attachments":[{"url":"javascript:alert(1)"}]}', 422),
    (b'{"text":""}', 422),
    (b'{}', 422),
    (b'{"text":"x","type":"system"}', 403),         # for services and admins
])
def test_a_bad_body_is_refused_with_a_reason(anna: Person, ben: Person, body: bytes, status: int):
    conversation = anna.direct(ben)
    problem(post_raw(anna, conversation, body), status)
    assert anna.history(conversation) == []


@pytest.mark.parametrize("text", [" ", "\n", "\t", "x" * 10_000, "\U0001F600" * 10_000, 'a"\\/\b\f\n\r\t', "e\u0301", "\u202e", "\ufeff", "\x7f", "\x01"])
def test_text_is_kept_byte_for_byte(anna: Person, ben: Person, text: str):
    conversation = anna.direct(ben)
    sent = anna.say(conversation, text)
    assert sent["text"] == text and ben.history(conversation)[0]["text"] == text


def test_a_text_of_one_more_code_point_is_too_large(anna: Person, ben: Person):
    problem(anna.rest.post(f"/v1/conversations/{anna.direct(ben)['id']}/messages", {"text": "\u00fc" * 10_001}), 413, "too_large")


def test_a_body_over_the_limit_is_too_large(anna: Person, ben: Person):
    body = json.dumps({"text": "x", "metadata": {"a": "x" * 2_000_000}}).encode()
    assert post_raw(anna, anna.direct(ben), body).status_code == 413


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=-1", "limit=x", "limit=", "limit=1.5", "limit=99999999999999999999", "after=junk",
                                   "before_seq=-1", "before_seq=x", "after_seq=1&before_seq=2"])
def test_junk_in_a_query_is_refused(anna: Person, ben: Person, query: str):
    problem(anna.rest.get(f"/v1/conversations/{anna.direct(ben)['id']}/messages?{query}"), 400, "bad_request")


def test_parameters_that_are_not_known_are_ignored(anna: Person, ben: Person):
    assert anna.rest.get(f"/v1/conversations/{anna.direct(ben)['id']}/messages?colour=blue").status_code == 200


def test_paths_and_methods(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    problem(anna.rest.get("/v1/nowhere"), 404, "not_found")
    problem(anna.rest.get("/v1/conversations/not-an-id"), 404, "not_found")
    wrong = anna.rest.call("PUT", "/v1/conversations")
    problem(wrong, 405)
    assert {word.strip() for word in wrong.headers["allow"].split(",")} >= {"GET", "HEAD", "POST"}
    head = anna.rest.call("HEAD", f"/v1/conversations/{conversation['id']}")
    assert head.status_code == 200 and head.content == b"" and int(head.headers["content-length"]) > 2
    assert anna.rest.get("/health", headers={"X-Request-Id": "mine-7"}).headers["x-request-id"] == "mine-7"
    assert anna.rest.get("/health").headers["x-request-id"]


def test_cors_is_answered_without_a_token(server):
    import httpx
    answer = httpx.request("OPTIONS", f"{server.url}/v1/conversations", headers={
        "Origin": "https://app.example.org", "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"})
    assert answer.status_code in (200, 204) and answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


def test_history_in_pages_stays_stable_while_messages_arrive(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    for i in range(25):
        anna.say(conversation, str(i))
    seen, after = [], None
    while True:
        answer = anna.rest.get(f"/v1/conversations/{conversation['id']}/messages", params={"limit": 7, **({"after": after} if after else {})}).json()
        seen += [message["text"] for message in answer["items"]]
        after = answer["next"]
        if after is None:
            break
        anna.say(conversation, "later")
    assert seen == [str(i) for i in reversed(range(25))]


def test_conversations_in_pages_stay_stable_while_messages_arrive(anna: Person):
    others = [Person(base=anna.base) for _ in range(9)]
    made = [anna.direct(other)["id"] for other in others]
    seen, after = [], None
    while True:
        answer = anna.rest.get("/v1/conversations", params={"limit": 2, **({"after": after} if after else {})}).json()
        seen += [one["id"] for one in answer["items"]]
        after = answer["next"]
        if after is None:
            break
        anna.say({"id": made[len(seen) % len(made)]}, "moves up")
    assert len(seen) == len(set(seen)) and set(seen) <= set(made)


def test_history_around_a_message(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    sent = [anna.say(conversation, str(i)) for i in range(20)]
    around = anna.history(conversation, around_seq=sent[10]["seq"], limit=5)
    assert sent[10]["id"] in [message["id"] for message in around] and len(around) == 5
    assert [m["text"] for m in anna.history(conversation, after_seq=sent[16]["seq"])] == ["17", "18", "19"]
    assert [m["text"] for m in anna.history(conversation, before_seq=sent[2]["seq"])] == ["1", "0"]


def test_the_same_key_with_another_body_is_refused(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    anna.say(conversation, "one", client_id="k")
    problem(anna.rest.post(f"/v1/conversations/{conversation['id']}/messages", {"text": "other", "client_id": "k"}), 422)
    by_header = [post_raw(anna, conversation, b'{"text":"x"}', **{"Idempotency-Key": "h"}) for _ in range(2)]
    assert [answer.status_code for answer in by_header] == [201, 200]
    assert by_header[0].json()["id"] == by_header[1].json()["id"]
    assert len(anna.history(conversation)) == 2


def test_one_key_sent_by_many_at_once_makes_one_message(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post_raw(anna, conversation, b'{"text":"x","client_id":"same"}'), range(24)))
    assert sorted(answer.status_code for answer in answers) == [200] * 23 + [201]
    assert len({(answer.json()["id"], answer.json()["seq"]) for answer in answers}) == 1


def test_a_pair_made_by_both_at_once_is_one(anna: Person, ben: Person):
    def make(pair: tuple[Person, Person]):
        return pair[0].rest.post("/v1/conversations", {"type": "direct", "members": [pair[1].id]})
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(make, [(anna, ben), (ben, anna)] * 8))
    assert sorted(answer.status_code for answer in answers) == [200] * 15 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("user", ["anna.m\u00fcller@example.org", "a b", "x" * 128, "\u4e1c\u4eac", "%2F", "a/b?c#d"])
def test_user_ids_are_the_callers_own(server, anna: Person, user: str):
    from urllib.parse import quote
    other = Person(user, base=server.url)
    conversation = anna.group(other)
    anna.say(conversation, "hello")
    assert other.unread(conversation) == 1
    removed = anna.rest.delete(f"/v1/conversations/{conversation['id']}/members/{quote(user, safe='')}")
    assert removed.status_code in (200, 204), removed.text
    problem(other.rest.get(f"/v1/conversations/{conversation['id']}"), 404)


@pytest.mark.parametrize("members", [[""], ["x" * 129], ["a\u0000"], ["a\nb"], [7], "ben", {}])
def test_what_is_no_user_id_is_refused(anna: Person, members):
    problem(anna.rest.post("/v1/conversations", {"type": "group", "members": members}), 422)


def test_nobody_reads_past_the_end_or_back(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    sent = [anna.say(conversation, str(i)) for i in range(3)]
    where = f"/v1/conversations/{conversation['id']}/read"
    assert ben.rest.post(where, {"seq": sent[1]["seq"]}).status_code == 200 and ben.unread(conversation) == 1
    assert ben.rest.post(where, {"seq": sent[0]["seq"]}).status_code == 200 and ben.unread(conversation) == 1
    problem(ben.rest.post(where, {"seq": sent[2]["seq"] + 1}), 422)
    problem(ben.rest.post(where, {"seq": -1}), 422)
    problem(ben.rest.post(where, {}), 422)


def test_who_joins_reads_what_was_before_and_has_nothing_unread(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    anna.say(group, "before")
    assert anna.rest.post(f"/v1/conversations/{group['id']}/members", {"user_id": cleo.id}).status_code in (200, 201)
    assert [m["text"] for m in cleo.history(group)] == ["before"] and cleo.unread(group) == 0
    anna.say(group, "after")
    assert cleo.unread(group) == 1 and ben.unread(group) == 2


def test_a_channel_is_for_its_admins_to_write(anna: Person, ben: Person):
    made = anna.rest.post("/v1/conversations", {"type": "channel", "name": "news", "members": [ben.id]}).json()
    problem(ben.rest.post(f"/v1/conversations/{made['id']}/messages", {"text": "x"}), 403)
    anna.say(made, "news")
    assert anna.rest.call("PATCH", f"/v1/conversations/{made['id']}", json={"settings": {"who_can_post": "all"}}).status_code == 200
    ben.say(made, "thanks")
    assert anna.rest.call("PATCH", f"/v1/conversations/{made['id']}/members/{ben.id}", json={"role": "reader"}).status_code == 200
    problem(ben.rest.post(f"/v1/conversations/{made['id']}/messages", {"text": "x"}), 403)


def test_acting_for_others_is_for_services(server, anna: Person, ben: Person):
    conversation = anna.direct(ben)
    service = Person(base=server.url, role="service")
    where = f"/v1/conversations/{conversation['id']}/messages"
    assert service.rest.post(where, {"text": "for anna"}, headers={"X-Act-As": anna.id}).json()["sender_id"] == anna.id
    problem(ben.rest.post(where, {"text": "not for anna"}, headers={"X-Act-As": anna.id}), 403)
    problem(Person(base=server.url, role="manager").rest.post(where, {"text": "no"}, headers={"X-Act-As": anna.id}), 403)
    notice = service.rest.post(where, {"text": "maintenance", "type": "system"}, headers={"X-Act-As": anna.id})
    assert notice.status_code == 201 and notice.json()["type"] == "system"
