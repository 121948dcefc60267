"""§1: writes happen once, however often they are asked for."""
from __future__ import annotations

import concurrent.futures
import uuid

import pytest
from native import Person, problem


def key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def test_forwarding_notifying_reporting_and_exporting_with_a_key(server, anna: Person, ben: Person):
    service, admin = Person(role="service", base=server.url), Person(role="admin", base=server.url)
    here, there = anna.direct(ben), anna.group(ben)
    message = anna.say(here, "to be forwarded")
    forward = lambda: anna.rest.post(f"/v1/messages/{message['id']}/forward", {"conversation_ids": [there["id"]], "client_id": "f1"})
    one, two = forward(), forward()
    assert (one.status_code, two.status_code) == (201, 200) and one.json() == two.json()
    assert len(ben.history(there)) == 1

    notice = {"user_ids": [ben.id], "type": "custom", "title": "once"}
    header = key()
    for _ in range(3):
        assert service.rest.post("/v1/notifications", notice, headers=header).status_code == 202
    assert [one["title"] for one in ben.rest.get("/v1/notifications").json()["items"] if one["title"] == "once"] == ["once"]
    problem(service.rest.post("/v1/notifications", {**notice, "title": "other"}, headers=header), 422)
    # Another one's key is another key.
    assert admin.rest.post("/v1/notifications", {**notice, "title": "other"}, headers=header).status_code == 202

    header = key()
    reports = {ben.rest.post("/v1/reports", {"message_id": message["id"], "reason": "r"}, headers=header).json()["id"] for _ in range(3)}
    exports = {ben.rest.post("/v1/exports", {"client_id": "e"}).json()["id"] for _ in range(3)}
    assert len(reports) == len(exports) == 1


def test_an_upload_with_a_key_by_what_was_sent(anna: Person):
    header = key()
    send = lambda data: anna.rest.call("POST", "/v1/files", files={"file": ("a.txt", data, "text/plain")}, headers=header)
    one, two = send(b"hello"), send(b"hello")   # each with a boundary of its own
    assert (one.status_code, two.status_code) == (201, 200) and one.json() == two.json()
    problem(send(b"other"), 422)


def test_of_many_at_once_one_is_done_and_all_get_its_answer(anna: Person, ben: Person):
    here, there = anna.direct(ben), anna.group(ben)
    message = anna.say(here, "race")
    header = key()

    def forward(_: int):
        return Person(anna.id, base=anna.base).rest.post(f"/v1/messages/{message['id']}/forward", {"conversation_ids": [there["id"]]}, headers=header)

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(forward, range(8)))
    assert sorted(one.status_code for one in answers) == [200] * 7 + [201]
    assert len({one.json()["items"][0]["id"] for one in answers}) == 1 and len(ben.history(there)) == 1


def test_what_was_refused_is_judged_anew(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    header = key()
    where = f"/v1/conversations/{group['id']}/members"
    problem(ben.rest.post(where, {"user_id": cleo.id}, headers=header), 403)
    anna.rest.call("PATCH", f"{where}/{ben.id}", json={"role": "admin"})
    assert ben.rest.post(where, {"user_id": cleo.id}, headers=header).status_code == 201
    assert ben.rest.post(where, {"user_id": cleo.id}, headers=header).status_code == 200


def test_an_edit_with_a_key_makes_one_edit(anna: Person, ben: Person):
    message = anna.say(anna.direct(ben), "one")
    header = key()
    for _ in range(2):
        assert anna.rest.call("PATCH", f"/v1/messages/{message['id']}", json={"text": "two"}, headers=header).json()["text"] == "two"
    assert len(anna.rest.get(f"/v1/messages/{message['id']}/edits").json()["items"]) == 1


@pytest.mark.parametrize("wrong", ["x" * 256])
def test_a_key_has_its_limits(anna: Person, wrong: str):
    problem(anna.rest.post("/v1/exports", {}, headers={"Idempotency-Key": wrong}), 422)
