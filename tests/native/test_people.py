"""§3: profiles, devices, keys, bans, erasure; §4: calls, deliveries, messages that go by themselves."""
from __future__ import annotations

import base64
import time

import services
from client import Rest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from native import Person, problem


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def test_a_profile_is_its_owners(anna: Person, ben: Person):
    path = f"/v1/users/{anna.id}"
    assert anna.rest.get(path).json() == {"user_id": anna.id}
    problem(ben.rest.get(path), 404)
    kept = anna.rest.put(path, {"display_name": "Anna", "avatar_url": "https://example.org/a.png", "metadata": {"team": 1}})
    assert kept.status_code == 200 and kept.json()["metadata"] == {"team": 1}
    assert ben.rest.get(path).json() == kept.json()
    problem(ben.rest.put(path, {"display_name": "Not Anna"}), 403)
    service = Person(base=anna.base, role="service")
    assert service.rest.put(path, {"display_name": "A."}).json()["display_name"] == "A." and "metadata" not in ben.rest.get(path).json()
    problem(anna.rest.put(path, {"avatar_url": "javascript:alert(1)"}), 422)
    problem(anna.rest.put(path, {"display_name": "x" * 201}), 413)


def test_devices_are_listed_and_can_be_ended(anna: Person, ben: Person):
    with anna.socket(hello=False) as phone, anna.socket(device_id="laptop") as laptop, ben.socket() as other:
        phone.ask("hello", {"device_id": "phone", "platform": "ios"})
        items = {one.get("device_id"): one for one in anna.rest.get("/v1/devices").json()["items"]}
        assert set(items) == {"phone", "laptop"} and items["phone"]["platform"] == "ios"
        problem(ben.rest.delete(f"/v1/devices/{items['phone']['id']}"), 404)
        assert anna.rest.delete(f"/v1/devices/{items['phone']['id']}").status_code == 204
        assert phone.wait_closed()[0] == 4003
        laptop.ask("ping")
        other.ask("ping")
        services.wait_until(lambda: len(anna.rest.get("/v1/devices").json()["items"]) == 1, 5, "one device to be left")


def test_each_one_time_key_is_handed_out_once(anna: Person, ben: Person):
    identity = Ed25519PrivateKey.generate()
    signed = b"a public key of thirty-two bytes"
    bundle = {"device_id": "phone", "identity_key": b64(identity.public_key().public_bytes_raw()),
              "signed_prekey": {"id": 1, "key": b64(signed), "signature": b64(identity.sign(signed))},
              "one_time_prekeys": [{"id": i, "key": b64(b"key %d" % i)} for i in range(3)]}
    assert anna.rest.put("/v1/keys", bundle).json() == {"device_id": "phone", "one_time_prekey_count": 3}
    taken = [ben.rest.get(f"/v1/keys/{anna.id}").json()["devices"][0] for _ in range(4)]
    assert [one["one_time_prekey"] and one["one_time_prekey"]["id"] for one in taken] == [0, 1, 2, None]
    assert taken[0]["identity_key"] == bundle["identity_key"] and taken[0]["signed_prekey"] == bundle["signed_prekey"]
    forged = {**bundle, "signed_prekey": {**bundle["signed_prekey"], "signature": b64(Ed25519PrivateKey.generate().sign(signed))}}
    problem(anna.rest.put("/v1/keys", forged), 422)
    problem(anna.rest.put("/v1/keys", {**bundle, "identity_key": "not base64!"}), 422)
    assert ben.rest.get("/v1/keys/nobody").json()["devices"] == []


def test_who_is_banned_is_out_at_every_door(anna: Person, ben: Person):
    admin = Person(base=anna.base, role="admin")
    talk = anna.direct(ben)
    with anna.socket() as s:
        problem(ben.rest.post(f"/v1/admin/users/{anna.id}/ban"), 403)
        assert admin.rest.post(f"/v1/admin/users/{anna.id}/ban", {"reason": "spam"}).status_code == 204
        assert s.wait_closed()[0] == 4003
    problem(anna.rest.get("/v1/conversations"), 403)
    assert Rest(anna.base + "/echo", {"Authorization": f"Bearer {anna.token}"}).get("/api/v1/conversations").status_code in (401, 403)
    assert admin.rest.delete(f"/v1/admin/users/{anna.id}/ban").status_code == 204
    anna.say(talk, "back again")
    past = "2020-01-01T00:00:00Z"
    assert admin.rest.post(f"/v1/admin/users/{anna.id}/ban", {"until": past}).status_code == 204
    anna.say(talk, "that is over")
    problem(admin.rest.post(f"/v1/admin/users/{anna.id}/ban", {"until": "soon"}), 422)


def test_connections_are_for_administrators(anna: Person, ben: Person):
    admin = Person(base=anna.base, role="admin")
    problem(anna.rest.get("/v1/admin/connections"), 403)
    with anna.socket(device_id="here"), ben.socket():
        users, after = set(), None
        while True:
            page = admin.rest.get("/v1/admin/connections", params={"limit": 1, **({"after": after} if after else {})}).json()
            users |= {one["user_id"] for one in page["items"]}
            after = page["next"]
            if not after:
                break
        assert {anna.id, ben.id} <= users


def test_erasure_leaves_dense_logs_without_content(anna: Person, ben: Person):
    admin = Person(base=anna.base, role="admin")
    talk, group = anna.direct(ben), ben.group(anna)
    for i in range(5):
        anna.say(talk, f"secret {i}")
        ben.say(talk, f"answer {i}")
        anna.say(group, f"secret {i}")
    anna.rest.put(f"/v1/users/{anna.id}", {"display_name": "Anna"})
    assert admin.rest.delete(f"/v1/admin/users/{anna.id}").status_code == 202
    services.wait_until(lambda: anna.id not in {m["user_id"] for m in ben.rest.get(f"/v1/conversations/{group['id']}/members").json()["items"]}, 10, "her to leave")
    services.wait_until(lambda: "display_name" not in ben.rest.get(f"/v1/users/{anna.id}").json(), 10, "her profile to go")
    history = ben.history(talk, limit=50)
    assert sorted(one.get("text", "") for one in history) == [""] * 5 + [f"answer {i}" for i in range(5)]
    assert [one["seq"] for one in reversed(history)] == list(range(2, 12))
    assert ben.unread(talk) == 0
    problem(ben.rest.delete(f"/v1/admin/users/{anna.id}"), 403)


def test_calls_reach_the_others_and_nobody_else(anna: Person, ben: Person, cleo: Person):
    group = anna.group(ben)
    with anna.socket() as a, ben.socket() as b, cleo.socket() as c:
        a.ask("call.signal", {"conversation_id": group["id"], "call_id": "k1", "kind": "offer", "payload": {"sdp": "v=0"}})
        got = b.expect("call.signal")
        assert got["data"] == {"user_id": anna.id, "call_id": "k1", "kind": "offer", "conversation_id": group["id"], "payload": {"sdp": "v=0"}}
        b.ask("call.signal", {"to": anna.id, "call_id": "k1", "kind": "answer"})
        assert a.expect("call.signal")["data"] == {"user_id": ben.id, "call_id": "k1", "kind": "answer"}
        assert c.refused("call.signal", {"to": anna.id, "call_id": "k2", "kind": "offer"}) == "not_found"
        assert c.refused("call.signal", {"conversation_id": group["id"], "call_id": "k2", "kind": "offer"}) == "not_found"
        assert a.refused("call.signal", {"call_id": "k2", "kind": "offer"}) == "unprocessable"
        anna.rest.put(f"/v1/blocks/{ben.id}")
        assert b.refused("call.signal", {"to": anna.id, "call_id": "k3", "kind": "offer"}) == "blocked"
        assert not [f for f in c.seen if f["type"] == "call.signal"]


def test_deliveries_and_readings_are_told_and_shown(anna: Person, ben: Person):
    talk = anna.direct(ben)
    first = anna.say(talk, "are you there?")
    assert first["status"] == "sent" and anna.history(talk)[0]["status"] == "sent"
    with anna.socket() as a, ben.socket() as b:
        second = anna.say(talk, "now?")
        b.expect("message.created", where=lambda f: f["data"]["id"] == second["id"])
        told = a.expect("delivered.updated")
        assert told["data"] == {"user_id": ben.id, "delivered_seq": second["seq"]}
        assert {one["status"] for one in anna.history(talk)} == {"delivered"}
        b.ask("message.read", {"conversation_id": talk["id"], "seq": first["seq"]})
        a.expect("read.updated")
    assert [one["status"] for one in anna.history(talk)] == ["delivered", "read"]
    assert anna.rest.get(f"/v1/messages/{first['id']}").json()["status"] == "read"


def test_a_message_may_go_by_itself(anna: Person, ben: Person):
    talk = anna.direct(ben)
    with ben.socket() as b:
        message = anna.say(talk, "read this quickly", expires_in=1)
        assert b.expect("message.created")["data"]["expires_at"] == message["expires_at"]
        begin = time.monotonic()
        assert b.expect("message.deleted", timeout=10)["data"]["id"] == message["id"]
        assert time.monotonic() - begin < 5
    assert "text" not in ben.history(talk)[0] and ben.unread(talk) == 0
    assert ben.rest.get("/v1/search/messages", params={"q": "quickly"}).json()["items"] == []
    for wrong in (0, -1, 31_536_001):
        problem(anna.rest.post(f"/v1/conversations/{talk['id']}/messages", {"text": "x", "expires_in": wrong}), 422)
