"""/openapi.json: each answer is what it says, and no operation is left out."""
from __future__ import annotations

import base64
from urllib.parse import quote

import pytest
from client import new_user, ws_url
from conftest import new_server
from described import OPENAPI, Checked, CheckedSocket, admin, anna, ben, cleo, everything_happens, find_operation, follow, operations, patch, person, service, touched
from native import NativeSocket, Person, Refused, eventually, problem


def test_how_the_process_is(server):
    rest = Checked(server.url)
    assert rest.get("/health").json() == {"status": "ok"}
    assert rest.get("/ready").json()["status"] == "ready"
    assert "# TYPE" in rest.get("/metrics").text
    problem(rest.get("/v1/conversations"), 401, "unauthorized")


# covers: native PUT /v1/conversations/{id}/me
def test_conversations(anna: Person, ben: Person, cleo: Person, service: Person):
    direct, group = anna.direct(ben), anna.group(ben, cleo, metadata={"colour": "blue"}, client_id="g")
    assert direct["members"] and ben.direct(anna)["id"] == direct["id"]
    same = {"type": "group", "name": "a group", "members": [cleo.id, ben.id], "metadata": {"colour": "blue"}, "client_id": "g"}
    again = anna.rest.post("/v1/conversations", same)
    assert again.status_code == 200 and again.json()["id"] == group["id"]
    assert anna.rest.post("/v1/conversations", {"type": "channel", "name": "news"}).json()["settings"]["who_can_post"] == "admins"
    anna.say(group, "hello")
    path = f"/v1/conversations/{group['id']}"
    assert ben.rest.get(path).json()["last_message"]["text"] == "hello"
    settings = {"who_can_add": "all", "who_can_post": "all", "read_receipts": True}
    changed = patch(anna, path, {"name": "b", "avatar_url": "https://example.org/b.png", "metadata": {}, "settings": settings})
    assert changed.json()["avatar_url"] and "metadata" not in changed.json()
    wanted = {"pinned": True, "archived": False, "notifications": "mentions", "read_receipts": False, "muted_until": "2100-01-01T00:00:00Z"}
    own = ben.rest.put(path + "/me", wanted).json()
    assert own["pinned"] and own["muted_until"] and ben.rest.put(path + "/me", {"muted_until": None}).json().get("muted_until") is None
    page = ben.rest.get("/v1/conversations", params={"limit": 1}).json()
    assert len(ben.rest.get("/v1/conversations", params={"limit": 1, "after": page["next"]}).json()["items"]) == 1
    some = ben.rest.get("/v1/conversations", params={"type": "group", "unread": "true", "with": cleo.id}).json()["items"]
    assert [one["id"] for one in some] == [group["id"]]
    assert service.rest.get("/v1/conversations", headers={"X-Act-As": ben.id, "X-Request-Id": "mine"}).headers["x-request-id"] == "mine"

    problem(ben.rest.get("/v1/conversations", params={"limit": 0}), 400, "bad_request")
    problem(ben.rest.get("/v1/conversations", headers={"X-Act-As": anna.id}), 403, "forbidden")
    problem(anna.rest.post("/v1/conversations", {"type": "crowd"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/conversations", {"type": "group", "name": "x" * 201}), 413, "too_large")
    problem(anna.rest.call("POST", "/v1/conversations", content=b"{}", headers={"Content-Type": "text/plain"}), 415, "unsupported_media_type")
    problem(anna.rest.call("POST", "/v1/conversations", content=b"{"), 400, "bad_request")
    problem(anna.rest.get("/v1/conversations/nothing"), 404, "not_found")
    problem(patch(ben, path, {"name": "c"}), 403, "forbidden")
    problem(patch(anna, path, {"settings": {"who_can_post": "nobody"}}), 422, "unprocessable")
    problem(ben.rest.put(path + "/me", {"notifications": "loud"}), 422, "unprocessable")
    problem(ben.rest.delete(path), 403, "forbidden")
    assert anna.rest.delete(path).status_code == 204
    problem(ben.rest.put(path + "/me", {"pinned": True}), 404, "not_found")


def test_members(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    path = f"/v1/conversations/{group['id']}/members"
    assert anna.rest.post(path, {"user_ids": [cleo.id], "role": "reader"}).json()["items"][0]["can_post"] is False
    page = ben.rest.get(path, params={"limit": 2}).json()
    assert len(ben.rest.get(path, params={"limit": 2, "after": page["next"]}).json()["items"]) == 1
    assert patch(anna, f"{path}/{cleo.id}", {"role": "admin"}).json()["role"] == "admin"
    problem(ben.rest.post(path, {"user_id": new_user()}), 403, "forbidden")
    problem(anna.rest.post(path, {}), 422, "unprocessable")
    problem(patch(ben, f"{path}/{cleo.id}", {"role": "member"}), 403, "forbidden")
    problem(patch(anna, f"{path}/{new_user()}", {"role": "member"}), 404, "not_found")
    problem(anna.rest.delete(f"{path}/{new_user()}"), 404, "not_found")
    assert anna.rest.delete(f"{path}/{cleo.id}").status_code == 204
    problem(cleo.rest.get(path), 404, "not_found")
    alone = anna.group()
    problem(patch(anna, f"/v1/conversations/{alone['id']}/members/{anna.id}", {"role": "member"}), 409, "conflict")


# covers: native PUT /v1/messages/{id}/pin
# covers: native DELETE /v1/messages/{id}/pin
def test_messages(anna: Person, ben: Person, cleo: Person, service: Person):
    group, other = anna.group(ben), anna.group(cleo)
    where = f"/v1/conversations/{group['id']}/messages"
    picture = {"url": "https://example.org/a.png", "mime": "image/png", "size": 7, "name": "a.png", "width": 2, "height": 3, "duration": 0}
    top = anna.say(group, "@ben look", type="image", attachments=[picture], mentions=[{"user_id": ben.id, "offset": 0, "length": 4}, {"all": True}],
                   metadata={"a": [1]}, client_id="top")
    assert anna.rest.post(where, {"text": "by header"}, headers={"Idempotency-Key": "h"}).status_code == 201
    assert anna.rest.post(where, {"text": "by header"}, headers={"Idempotency-Key": "h"}).status_code == 200
    reply = ben.say(group, "seen", parent_id=top["id"], quote_id=top["id"])
    anna.say(group, "c2VhbGVk", sealed=True)
    assert service.rest.post(where, {"text": "hello all", "type": "system"}, headers={"X-Act-As": anna.id}).json()["type"] == "system"
    path = f"/v1/messages/{top['id']}"
    for emoji in ("\U0001F44D", ":ok:"):
        assert ben.rest.put(f"{path}/reactions/{quote(emoji)}").status_code == 204
    assert ben.rest.delete(f"{path}/reactions/:ok:").status_code == 204
    assert ben.rest.put(f"{path}/pin").status_code == 204
    shown = ben.rest.get(path).json()
    assert shown["pinned_at"] and shown["reply_count"] == 1 and shown["reactions"] == [{"emoji": "\U0001F44D", "count": 1, "me": True}]
    assert ben.rest.get(f"/v1/messages/{reply['id']}").json()["quote"]["attachments"] == [picture]
    assert len(ben.rest.get(f"{where}/{top['id']}/thread", params={"limit": 1}).json()["items"]) == 1
    assert ben.rest.get(f"/v1/conversations/{group['id']}/pins").json()["items"][0]["id"] == top["id"]
    assert ben.rest.delete(f"{path}/pin").status_code == 204
    assert patch(anna, path, {"text": "look", "mentions": [], "metadata": {}}).json()["edited_at"]
    assert [one["text"] for one in ben.rest.get(f"{path}/edits").json()["items"]] == ["@ben look"]
    copies = anna.rest.post(f"{path}/forward", {"conversation_ids": [other["id"]]}).json()["items"]
    assert copies[0]["forwarded_from"]["message_id"] == top["id"]
    page = ben.rest.get(where, params={"limit": 2}).json()
    ben.rest.get(where, params={"limit": 2, "after": page["next"]})
    for more in ({"after_seq": 1}, {"before_seq": 4}, {"around_seq": top["seq"]}):
        assert ben.rest.get(where, params=more).json()["items"]

    problem(anna.rest.post(where, {"text": "other", "client_id": "top"}), 422, "unprocessable")
    problem(anna.rest.post(where, {"text": "x" * 10_001}), 413, "too_large")
    problem(anna.rest.post(where, {"text": "x", "type": "system"}), 403, "forbidden")
    problem(anna.rest.post(where, {"text": "x", "attachments": [{"url": "ftp://example.org"}]}), 422, "unprocessable")
    problem(cleo.rest.post(where, {"text": "x"}), 404, "not_found")
    problem(cleo.rest.get(where), 404, "not_found")
    problem(anna.rest.get(where, params={"before_seq": 1, "after_seq": 1}), 400, "bad_request")
    problem(cleo.rest.get(f"{where}/{top['id']}/thread"), 404, "not_found")
    problem(cleo.rest.get(f"/v1/conversations/{group['id']}/pins"), 404, "not_found")
    problem(cleo.rest.get(f"{path}/edits"), 404, "not_found")
    problem(patch(ben, path, {"text": "mine"}), 403, "forbidden")
    problem(patch(anna, path, {}), 422, "unprocessable")
    problem(ben.rest.put(f"{path}/reactions/no"), 422, "unprocessable")
    problem(cleo.rest.put(f"{path}/pin"), 404, "not_found")
    problem(anna.rest.post(f"{path}/forward", {"conversation_ids": []}), 422, "unprocessable")

    problem(ben.rest.delete(path), 403, "forbidden")
    assert anna.rest.delete(path).status_code == 204
    assert ben.rest.get(path).json()["deleted_at"] and ben.rest.get(f"/v1/messages/{reply['id']}").json()["quote"]["deleted_at"]
    assert ben.rest.post(f"/v1/messages/{reply['id']}/recall").json()["recalled_at"]
    problem(ben.rest.post(f"/v1/messages/{reply['id']}/recall"), 410, "gone")
    problem(patch(anna, path, {"text": "again"}), 410, "gone")
    problem(ben.rest.put(f"{path}/reactions/:ok:"), 410, "gone")


def test_a_message_that_expires(anna: Person, ben: Person):
    talk = anna.direct(ben)
    assert anna.say(talk, "for an hour", expires_in=3600)["expires_at"]
    for seconds in (0, 31_536_001):
        problem(anna.rest.post(f"/v1/conversations/{talk['id']}/messages", {"text": "x", "expires_in": seconds}), 422, "unprocessable")


# covers: native POST /v1/conversations/{id}/typing
def test_reading_and_typing(anna: Person, ben: Person, cleo: Person):
    talk = anna.direct(ben)
    sent = [anna.say(talk, str(i)) for i in range(2)]
    path = f"/v1/conversations/{talk['id']}"
    assert ben.rest.post(path + "/read", {"seq": sent[0]["seq"]}).json() == {"conversation_id": talk["id"], "read_seq": sent[0]["seq"], "unread_count": 1}
    assert anna.rest.get(f"/v1/messages/{sent[0]['id']}/receipts").json()["items"][0]["read_at"]
    assert anna.rest.get(f"/v1/messages/{sent[0]['id']}").json()["status"] == "read"
    assert ben.rest.post(path + "/typing", {"is_typing": True}).status_code == 202
    problem(ben.rest.post(path + "/read", {"seq": 1_000}), 422, "unprocessable")
    problem(cleo.rest.post(path + "/read", {"seq": 1}), 404, "not_found")
    problem(ben.rest.post(path + "/typing", {}), 422, "unprocessable")
    problem(cleo.rest.post(path + "/typing", {"is_typing": True}), 404, "not_found")
    problem(cleo.rest.get(f"/v1/messages/{sent[0]['id']}/receipts"), 404, "not_found")


def test_what_was_missed(anna: Person, ben: Person):
    start = ben.rest.get("/v1/sync").json()["cursor"]
    everything_happens(anna, ben)
    events, pointers, cursor = [], [], start
    while True:
        page = ben.rest.get("/v1/sync", params={"cursor": cursor, "limit": 5, "wait": 0}).json()
        events, pointers, cursor = events + page["events"], pointers + page["pointers"], page["cursor"]
        if not page["more"]:
            break
    assert {one["type"] for one in events} == {kind for name in ("MessageEvent", "AmendedEvent", "ReactionEvent", "MemberEvent")
                                               for kind in OPENAPI["components"]["schemas"][name]["properties"]["type"]["enum"]} | {
        "conversation.created", "conversation.updated", "conversation.deleted"}
    assert pointers and ben.rest.get("/v1/sync", params={"cursor": cursor, "wait": 1}).json()["events"] == []
    streamed = ben.rest.stream("/v1/events", len(events) + 1, cursor=start)
    assert [one for one in streamed if one.get("seq")] == events and streamed[-1]["type"] == "read.updated"
    problem(ben.rest.get("/v1/sync", params={"cursor": "junk"}), 400, "bad_request")
    problem(ben.rest.get("/v1/sync", params={"wait": 31}), 400, "bad_request")
    problem(ben.rest.get("/v1/events", headers={"Last-Event-ID": "junk"}), 400, "bad_request")


def test_a_cursor_of_another_server(anna: Person):
    with new_server() as elsewhere:
        foreign = Person(base=elsewhere.url).rest.get("/v1/sync").json()["cursor"]
    problem(anna.rest.get("/v1/sync", params={"cursor": foreign}), 410, "cursor_too_old")
    problem(anna.rest.get("/v1/events", params={"cursor": foreign}), 410, "cursor_too_old")


def test_search(anna: Person, ben: Person):
    talk = anna.direct(ben)
    for i in range(3):
        anna.say(talk, f"a <quick> fox {i}", attachments=[{"url": "https://example.org/fox"}])
    words = {"q": '"quick fox" -dog', "conversation_id": talk["id"], "sender_id": anna.id, "type": "text", "has": "attachment",
             "from": "2020-01-01T00:00:00Z", "to": "2100-01-01T00:00:00Z"}
    page = eventually(lambda: (got := ben.rest.get("/v1/search/messages", params={**words, "limit": 2}).json())["next"] and got)
    assert "<mark>" in page["items"][0]["snippet"]
    assert len(ben.rest.get("/v1/search/messages", params={**words, "after": page["next"]}).json()["items"]) == 1
    assert [one["id"] for one in ben.rest.get("/v1/search/conversations", params={"q": anna.id, "limit": 5}).json()["items"]] == [talk["id"]]
    problem(ben.rest.get("/v1/search/messages"), 400, "bad_request")
    problem(ben.rest.get("/v1/search/messages", params={"q": "x", "conversation_id": "nothing"}), 404, "not_found")
    problem(ben.rest.get("/v1/search/conversations", params={"q": ""}), 400, "bad_request")


def test_files(anna: Person, ben: Person):
    file = anna.rest.call("POST", "/v1/files", files={"file": ("a.txt", b"0123456789", "text/plain")})
    assert file.status_code == 201 and file.headers["location"] == file.json()["url"]
    named = {"Content-Type": "application/x-own", "Content-Disposition": 'attachment; filename="b.bin"'}
    raw = anna.rest.call("POST", "/v1/files", content=b"\x00\x01", headers=named)
    assert raw.json()["name"] == "b.bin"
    path = file.json()["url"]
    problem(ben.rest.get(path), 404, "not_found")
    shown = anna.say(anna.direct(ben), "look", attachments=[{"file_id": file.json()["id"], "width": 1}])
    assert shown["attachments"][0]["name"] == "a.txt" and ben.rest.get(path).content == b"0123456789"
    assert ben.rest.get(path, headers={"Range": "bytes=2-4"}).status_code == 206
    assert ben.rest.get(path, headers={"If-None-Match": "*"}).status_code == 304
    assert ben.rest.get(path, headers={"Range": "bytes=10-"}).status_code == 416
    assert ben.rest.call("HEAD", path).headers["content-length"] == "10" and ben.rest.call("HEAD", "/v1/files/nothing").status_code == 404
    problem(anna.rest.call("POST", "/v1/files", content=b""), 400, "bad_request")
    problem(anna.rest.call("POST", "/v1/files", content=bytes(11 * 1024 * 1024)), 413, "too_large")
    problem(ben.rest.delete(path), 403, "forbidden")
    problem(ben.rest.delete(raw.json()["url"]), 404, "not_found")
    assert anna.rest.delete(path).status_code == 204


def test_profiles(anna: Person, ben: Person, service: Person):
    path = f"/v1/users/{anna.id}"
    full = {"display_name": "Anna", "avatar_url": "https://example.org/anna.png", "metadata": {"team": 7}}
    made = anna.rest.put(path, full).json()
    assert {name: made[name] for name in full} == full and made["user_id"] == anna.id and made["updated_at"]
    assert ben.rest.get(path).json() == made
    assert service.rest.put(path, {"display_name": "A."}).json()["display_name"] == "A."
    problem(ben.rest.put(path, {"display_name": "mine"}), 403, "forbidden")
    problem(anna.rest.put(path, {"avatar_url": "javascript:alert(1)"}), 422, "unprocessable")
    problem(anna.rest.put(path, {"metadata": []}), 422, "unprocessable")
    problem(ben.rest.get(f"/v1/users/{new_user()}"), 404, "not_found")


def test_presence_and_blocks(anna: Person, ben: Person, cleo: Person):
    with ben.socket() as b:
        b.ask("presence.set", {"status": "busy"})
        assert anna.rest.get(f"/v1/users/{ben.id}/presence").json()["status"] == "busy"
        assert [one["status"] for one in anna.rest.get("/v1/presence", params={"users": f"{ben.id},{cleo.id}"}).json()["items"]] == ["busy", "offline"]
        assert ben.id in [one["user_id"] for one in anna.rest.get("/v1/users/online", params={"limit": 200}).json()["items"]]
    problem(anna.rest.get("/v1/presence"), 400, "bad_request")
    problem(anna.rest.get("/v1/users/online", params={"after": "zz"}), 400, "bad_request")
    for who in (ben, cleo):
        assert anna.rest.put(f"/v1/blocks/{who.id}").status_code == 204
    page = anna.rest.get("/v1/blocks", params={"limit": 1}).json()
    assert len(anna.rest.get("/v1/blocks", params={"limit": 1, "after": page["next"]}).json()["items"]) == 1
    problem(ben.rest.post(f"/v1/conversations/{ben.direct(anna)['id']}/messages", {"text": "x"}), 403, "blocked")
    problem(anna.rest.put(f"/v1/blocks/{anna.id}"), 422, "unprocessable")
    problem(anna.rest.delete("/v1/blocks/" + "x" * 129), 422, "unprocessable")
    assert anna.rest.delete(f"/v1/blocks/{ben.id}").status_code == 204


def test_devices(anna: Person, ben: Person, admin: Person):
    with NativeSocket(ws_url(anna.base, "/v1/ws"), anna.token, hello=False) as phone, anna.socket():
        device = {"device_id": "phone", "platform": "ios", "app_version": "1.2"}
        session = phone.ask("hello", device)["session_id"]
        devices = {one["id"]: one for one in anna.rest.get("/v1/devices").json()["items"]}
        assert len(devices) == 2 and device.items() <= devices[session].items()
        everybody = admin.rest.get("/v1/admin/connections", params={"limit": 200}).json()["items"]
        assert {"id": session, "user_id": anna.id} in [{"id": one["id"], "user_id": one["user_id"]} for one in everybody]
        problem(anna.rest.get("/v1/admin/connections"), 403, "forbidden")
        problem(admin.rest.get("/v1/admin/connections", params={"limit": 0}), 400, "bad_request")
        problem(ben.rest.delete(f"/v1/devices/{session}"), 404, "not_found")
        assert anna.rest.delete(f"/v1/devices/{session}").status_code == 204
        assert phone.wait_closed()[0] == 4003
        assert eventually(lambda: len(anna.rest.get("/v1/devices").json()["items"]) == 1)


def test_keys(anna: Person, ben: Person):
    key = lambda letter: base64.b64encode(letter.encode() * 33).decode()   # noqa: E731
    bundle = {"device_id": "phone", "identity_key": key("i"), "signed_prekey": {"id": 1, "key": key("s"), "signature": key("t")},
              "one_time_prekeys": [{"id": 2, "key": key("o")}]}
    assert anna.rest.put("/v1/keys", bundle).json() == {"device_id": "phone", "one_time_prekey_count": 1}
    first, second = (ben.rest.get(f"/v1/keys/{anna.id}").json()["devices"] for _ in range(2))
    assert first == [{**{name: bundle[name] for name in ("device_id", "identity_key", "signed_prekey")}, "one_time_prekey": {"id": 2, "key": key("o")}}]
    assert second[0]["one_time_prekey"] is None
    problem(anna.rest.put("/v1/keys", {**bundle, "identity_key": "!"}), 422, "unprocessable")
    problem(anna.rest.put("/v1/keys", {**bundle, "device_id": ""}), 422, "unprocessable")


def test_notifications_and_reports(anna: Person, ben: Person, service: Person, admin: Person):
    for i in range(2):
        more = {"body": "there", "data": {"n": i}} if i else {}
        assert service.rest.post("/v1/notifications", {"user_ids": [anna.id], "type": "news", "title": "hi", **more}).status_code == 202
    page = anna.rest.get("/v1/notifications", params={"limit": 1, "unread_only": "true"}).json()
    assert anna.rest.get("/v1/notifications", params={"after": page["next"]}).json()["items"][0]["read"] is False
    assert anna.rest.post(f"/v1/notifications/{page['items'][0]['id']}/read").status_code == 204
    assert anna.rest.post("/v1/notifications/read-all").status_code == 204
    problem(anna.rest.post("/v1/notifications", {"user_ids": [ben.id], "type": "news", "title": "hi"}), 403, "forbidden")
    problem(service.rest.post("/v1/notifications", {"user_ids": [], "type": "news", "title": "hi"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/notifications/nothing/read"), 404, "not_found")
    problem(anna.rest.get("/v1/notifications", params={"unread_only": "perhaps"}), 400, "bad_request")

    message = ben.say(ben.direct(anna), "rude")
    for about in ({"message_id": message["id"], "reason": "rude"}, {"user_id": ben.id}):
        assert anna.rest.post("/v1/reports", about).status_code == 201
    page = admin.rest.get("/v1/admin/reports", params={"limit": 1}).json()
    assert admin.rest.get("/v1/admin/reports", params={"limit": 1, "after": page["next"]}).json()["items"][0]["message_id"] == message["id"]
    problem(anna.rest.post("/v1/reports", {"reason": "nothing"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/reports", {"message_id": "nothing"}), 404, "not_found")
    problem(anna.rest.get("/v1/admin/reports"), 403, "forbidden")


def test_settings_and_figures(anna: Person, admin: Person):
    assert any(one["value"] is None for one in admin.rest.get("/v1/admin/settings").json()["items"])
    assert admin.rest.get("/v1/admin/stats").json()["store_up"] is True
    for path in ("/v1/admin/settings", "/v1/admin/stats"):
        problem(anna.rest.get(path), 403, "forbidden")
    one = "/v1/admin/settings/recall-window"
    assert admin.rest.put(one, {"value": "3m"}).json() == {"key": "recall-window", "value": "3m", "live": True}
    assert admin.rest.put(one, {"value": None}).json()["value"] == "2m"
    assert admin.rest.post("/v1/admin/settings/reload").json() == {"changed": [], "need_restart": []}
    problem(anna.rest.put(one, {"value": "3m"}), 403, "forbidden")
    problem(admin.rest.put(one, {"value": "soon"}), 422, "unprocessable")
    problem(admin.rest.put("/v1/admin/settings/nothing", {"value": "1"}), 404, "not_found")
    problem(admin.rest.put("/v1/admin/settings/loops", {"value": 2}), 409, "conflict")


def test_exports(anna: Person, ben: Person):
    talk = anna.direct(ben)
    anna.say(talk, "to take along")
    made = anna.rest.post("/v1/exports", {"conversation_id": talk["id"], "format": "html", "client_id": "e"})
    assert made.status_code == 202 and anna.rest.post("/v1/exports", {}).json()["format"] == "jsonl"
    ready = anna.rest.get(f"/v1/exports/{made.json()['id']}").json()
    assert ready == made.json() and anna.rest.get(ready["url"]).content.startswith(b"PK")
    problem(ben.rest.get(ready["url"]), 404, "not_found")
    problem(anna.rest.get("/v1/exports/nothing"), 404, "not_found")
    problem(anna.rest.post("/v1/exports", {"format": "pdf"}), 422, "unprocessable")
    problem(anna.rest.post("/v1/exports", {"conversation_id": "nothing"}), 404, "not_found")


def test_bans_and_erasure(anna: Person, ben: Person, admin: Person):
    path = f"/v1/admin/users/{ben.id}"
    problem(anna.rest.post(path + "/ban"), 403, "forbidden")
    problem(anna.rest.delete(path + "/ban"), 403, "forbidden")
    problem(anna.rest.delete(path), 403, "forbidden")
    problem(admin.rest.post(path + "/ban", {"until": "soon"}), 422, "unprocessable")
    problem(admin.rest.post(f"/v1/admin/users/{admin.id}/ban"), 409, "conflict")
    for body in (None, {"until": "2100-01-01T00:00:00Z", "reason": "rude"}):
        assert admin.rest.post(path + "/ban", body).status_code == 204
        problem(ben.rest.get("/v1/blocks"), 403, "revoked")
        assert admin.rest.delete(path + "/ban").status_code == 204
        assert ben.rest.get("/v1/blocks").status_code == 200
    message = ben.say(ben.direct(anna), "to be erased")
    assert admin.rest.delete(path).json() == {"status": "accepted"}
    assert eventually(lambda: anna.rest.get(f"/v1/messages/{message['id']}").json().get("deleted_at"), 10)


def test_too_many_requests():
    with new_server("sqlite", "--rate-limit", "1/s:5") as slow:
        anna = person(slow)
        answers = [anna.rest.get("/v1/blocks") for _ in range(7)]
        problem(answers[-1], 429, "rate_limited")
        declared = follow(OPENAPI, find_operation("GET", "/v1/blocks")[1]["responses"]["429"])["headers"]
        assert all(name in answers[-1].headers for name in declared)
        with CheckedSocket(person(slow), slow) as a:
            with pytest.raises(Refused) as refused:
                for _ in range(7):
                    a.ask("ping")
            assert refused.value.error["retry_after_ms"] > 0


def test_no_operation_was_left_out(server):
    """By the tests above, on this server."""
    assert {operation["operationId"] for *_, operation in operations()} - touched[server.url] == set()
