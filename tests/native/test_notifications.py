"""§3: notifications, reports, and who looks after the server."""
from __future__ import annotations

import pytest
from native import Person, problem


def notify(service: Person, *to: Person, **more):
    return service.rest.post("/v1/notifications", {"user_ids": [one.id for one in to], "type": "custom", "title": "hi", **more})


def test_they_are_kept_in_pages_newest_first_until_read(server, anna: Person, ben: Person):
    service = Person(role="service", base=server.url)
    for i in range(5):
        assert notify(service, anna, ben, body=str(i), data={"n": i}).status_code == 202
    first = anna.rest.get("/v1/notifications", params={"limit": 3}).json()
    rest = anna.rest.get("/v1/notifications", params={"limit": 3, "after": first["next"]}).json()
    assert [one["data"]["n"] for one in first["items"] + rest["items"]] == [4, 3, 2, 1, 0] and rest["next"] is None
    assert anna.rest.post(f"/v1/notifications/{first['items'][1]['id']}/read").status_code == 204
    assert anna.rest.post(f"/v1/notifications/{first['items'][1]['id']}/read").status_code == 204
    unread = lambda who: [one["data"]["n"] for one in who.rest.get("/v1/notifications", params={"unread_only": "true"}).json()["items"]]
    assert unread(anna) == [4, 2, 1, 0] and unread(ben) == [4, 3, 2, 1, 0]
    problem(ben.rest.post(f"/v1/notifications/{first['items'][0]['id']}/read"), 404)
    assert anna.rest.post("/v1/notifications/read-all").status_code == 204
    assert unread(anna) == [] and len(anna.rest.get("/v1/notifications").json()["items"]) == 5


@pytest.mark.parametrize("body, status", [({}, 422), ({"user_ids": [], "type": "t", "title": "t"}, 422), ({"user_ids": ["x"], "title": "t"}, 422),
                                          ({"user_ids": ["x"], "type": "t"}, 422), ({"user_ids": ["x"], "type": "t", "title": "t" * 201}, 422),
                                          ({"user_ids": ["x"], "type": "t", "title": "t", "body": "b" * 2001}, 413), ({"all": True, "type": "t", "title": "t"}, 501)])
def test_a_bad_one_is_refused(server, body: dict, status: int):
    problem(Person(role="service", base=server.url).rest.post("/v1/notifications", body), status)


def test_reports_are_for_admins(server, anna: Person, ben: Person):
    admin = Person(role="admin", base=server.url)
    message = anna.say(anna.direct(ben), "rude")
    made = ben.rest.post("/v1/reports", {"message_id": message["id"], "reason": "it is rude"})
    assert made.status_code == 201
    problem(Person(base=server.url).rest.post("/v1/reports", {"message_id": message["id"], "reason": "?"}), 404)
    problem(ben.rest.post("/v1/reports", {"reason": "?"}), 422)
    problem(ben.rest.get("/v1/admin/reports"), 403)
    newest = admin.rest.get("/v1/admin/reports").json()["items"][0]
    assert (newest["id"], newest["reporter"], newest["message_id"], newest["reason"]) == (made.json()["id"], ben.id, message["id"], "it is rude")


def test_settings_show_no_secret_and_stats_count(server, anna: Person):
    admin = Person(role="admin", base=server.url)
    shown = {one["key"]: one["value"] for one in admin.rest.get("/v1/admin/settings").json()["items"]}
    assert shown["message-limit"] == "1MiB" and shown["jwt-secret"] is None and shown["store"] is None
    with admin.socket():
        assert admin.rest.get("/v1/admin/stats").json()["connections"] >= 1
    problem(anna.rest.get("/v1/admin/stats"), 403)
