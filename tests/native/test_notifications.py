"""§3: notifications, reports, and who looks after the server."""
from __future__ import annotations

import concurrent.futures
import json

import pytest
import services
from conftest import new_server
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
                                          ({"user_ids": ["x"], "type": "t", "title": "t", "body": "b" * 2001}, 413),
                                          ({"all": True, "user_ids": ["x"], "type": "t", "title": "t"}, 422), ({"all": False, "type": "t", "title": "t"}, 422)])
def test_a_bad_one_is_refused(server, body: dict, status: int):
    problem(Person(role="service", base=server.url).rest.post("/v1/notifications", body), status)


def test_what_is_told_to_all_reaches_everybody_and_each_reads_it_alone(server, anna: Person, ben: Person):
    service = Person(role="service", base=server.url)
    with anna.socket() as a, ben.socket():
        assert service.rest.post("/v1/notifications", {"all": True, "type": "news", "title": "to all of you"}).status_code == 202
        told = a.expect("notification.created", where=lambda f: f["data"]["title"] == "to all of you")
    notify(service, anna, title="to you alone")
    late = Person(base=server.url)
    with late.socket():
        assert late.rest.get("/v1/notifications").json()["items"] == []   # it was told before they came
    problem(late.rest.post(f"/v1/notifications/{told['data']['id']}/read"), 404)
    latest = lambda who: [one["title"] for one in who.rest.get("/v1/notifications", params={"unread_only": "true"}).json()["items"]][:2]
    assert latest(anna) == ["to you alone", "to all of you"] and latest(ben)[0] == "to all of you"
    assert anna.rest.post(f"/v1/notifications/{told['data']['id']}/read").status_code == 204
    assert anna.rest.post(f"/v1/notifications/{told['data']['id']}/read").status_code == 204
    assert latest(anna)[0] == "to you alone" and "to all of you" not in latest(anna) and latest(ben)[0] == "to all of you"
    assert [one["read"] for one in anna.rest.get("/v1/notifications").json()["items"] if one["id"] == told["data"]["id"]] == [True]
    ben.rest.post("/v1/notifications/read-all")
    assert latest(ben) == []


def test_a_resume_brings_those_that_were_missed_once(server, anna: Person):
    service = Person(role="service", base=server.url)
    with anna.socket() as a:
        notify(service, anna, body="seen")
        cursor = a.expect("notification.created")["cursor"]
    notify(service, anna, body="missed 1")
    notify(service, anna, body="missed and read elsewhere")
    anna.rest.post(f"/v1/notifications/{anna.rest.get('/v1/notifications').json()['items'][0]['id']}/read")
    notify(service, anna, body="missed 2")
    with anna.socket(cursor=cursor) as a:
        synced = a.expect("synced")
        bodies = [f["data"]["body"] for f in a.seen if f["type"] == "notification.created"]
        assert bodies == ["missed 1", "missed 2"]
        notify(service, anna, body="live again")
        assert a.expect("notification.created", where=lambda f: f["data"]["body"] == "live again")
    with anna.socket(cursor=synced["cursor"]) as a:
        a.expect("synced")
        assert [f["data"]["body"] for f in a.seen if f["type"] == "notification.created"] == ["live again"]


def test_sync_and_the_stream_have_them_in_their_place(server, anna: Person, ben: Person):
    service = Person(role="service", base=server.url)
    talk = anna.direct(ben)   # so both are among all
    start = anna.rest.get("/v1/sync").json()["cursor"]
    notify(service, anna, body="first")
    ben.say(talk, "hello")
    service.rest.post("/v1/notifications", {"all": True, "type": "news", "title": "second"})
    events, cursor, more = [], start, True
    while more:
        page = anna.rest.get("/v1/sync", params={"cursor": cursor, "limit": 1}).json()
        events, cursor, more = events + page["events"], page["cursor"], page["more"]
    assert sorted(one["type"] for one in events) == ["message.created", "notification.created", "notification.created"]
    assert anna.rest.get("/v1/sync", params={"cursor": cursor}).json()["events"] == []
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(lambda: anna.rest.get("/v1/sync", params={"cursor": cursor, "wait": 20}, timeout=30).json())
        services.wait_until(lambda: notify(service, anna, body="third").status_code == 202, 5, "it to be taken")
        assert [one["data"]["body"] for one in waiting.result()["events"]] == ["third"]
    with anna.rest.http.stream("GET", anna.base + "/v1/events", params={"cursor": start}) as stream:
        seen: list[dict] = []
        for line in stream.iter_lines():
            if line.startswith("data:"):
                seen.append(json.loads(line[5:]))
            if len(seen) >= 4:
                break
    assert [one["data"].get("title", "") for one in seen if one["type"] == "notification.created"] == ["hi", "second", "hi"]


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


def test_live_settings_change_at_once_and_are_kept():
    with new_server() as server:
        admin, anna = Person(role="admin", base=server.url), Person(base=server.url)
        set_ = lambda key, value: admin.rest.put(f"/v1/admin/settings/{key}", {"value": value})
        shown = lambda key: {one["key"]: one["value"] for one in admin.rest.get("/v1/admin/settings").json()["items"]}[key]
        usual = shown("rate-limit")
        assert anna.rest.get("/v1/blocks").headers["ratelimit-limit"] == "2000"
        changed = set_("rate-limit", "50/s:90")
        assert changed.status_code == 200, changed.text
        assert changed.json()["live"] is True and shown("rate-limit") == changed.json()["value"] != usual
        limited = int(Person(base=server.url).rest.get("/v1/blocks").headers["ratelimit-limit"])
        assert limited < 2000
        assert set_("file-limit", "1KiB").status_code == 200
        problem(admin.rest.call("POST", "/v1/files", content=b"x" * 2000, headers={"Content-Type": "text/plain"}), 413)
        assert set_("group-size-limit", 1).json()["value"] == "1"
        problem(Person(base=server.url).rest.post("/v1/conversations", {"type": "group", "members": ["a", "b"]}), 413)
        talk = anna.direct(Person(base=server.url))
        message = anna.say(talk, "quickly")
        assert set_("recall-window", "1s").status_code == 200
        services.wait_until(lambda: anna.rest.post(f"/v1/messages/{anna.say(talk, 'x')['id']}/recall").status_code == 200, 5, "a recall in time")
        services.wait_until(lambda: anna.rest.post(f"/v1/messages/{message['id']}/recall").status_code == 410, 5, "the time to be over")

        problem(set_("file-limit", "much"), 422)
        problem(set_("file-limit", [1]), 422)
        problem(set_("no-such-thing", "1"), 404)
        problem(set_("message-limit", "2MiB"), 409)
        problem(admin.rest.put("/v1/admin/settings/file-limit", {}), 422)
        problem(anna.rest.put("/v1/admin/settings/file-limit", {"value": "1MiB"}), 403)
        problem(anna.rest.post("/v1/admin/settings/reload"), 403)

        server.stop()
        server.start()
        assert shown("file-limit") == "1KiB" and shown("group-size-limit") == "1"
        assert set_("file-limit", None).json()["value"] == "10MiB"
        assert admin.rest.post("/v1/admin/settings/reload").json() == {"changed": [], "need_restart": []}


def test_a_changed_file_is_read_again_when_asked(tmp_path):
    config = tmp_path / "parley.yaml"
    config.write_text("group-size-limit: 7\nmessage-limit: 1MiB\n")
    with new_server("sqlite", "--config", str(config)) as server:
        admin = Person(role="admin", base=server.url)
        config.write_text("group-size-limit: 8\nmessage-limit: 2MiB\nqueue-limit: 3MiB\n")
        assert admin.rest.post("/v1/admin/settings/reload").json() == {"changed": ["group-size-limit"], "need_restart": ["queue-limit", "message-limit"]}
        assert {one["key"]: one["value"] for one in admin.rest.get("/v1/admin/settings").json()["items"]}["group-size-limit"] == "8"
        config.write_text("group-size-limit: many\n")
        assert "group-size-limit" in problem(admin.rest.post("/v1/admin/settings/reload"), 409)["detail"]


def test_settings_show_no_secret_and_stats_count(server, anna: Person):
    admin = Person(role="admin", base=server.url)
    shown = {one["key"]: one["value"] for one in admin.rest.get("/v1/admin/settings").json()["items"]}
    assert shown["message-limit"] == "1MiB" and shown["jwt-secret"] is None and shown["store"] is None
    with admin.socket():
        assert admin.rest.get("/v1/admin/stats").json()["connections"] >= 1
    problem(anna.rest.get("/v1/admin/stats"), 403)
