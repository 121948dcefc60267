"""§4: frames, order, resume, slow readers, tokens that end."""
from __future__ import annotations

import json
import socket
import time

import pytest
from client import make_token, ws_url
from conftest import new_server
from native import NativeSocket, Person, Refused, eventually
from where import JWT_SECRET


def created(frame) -> bool:
    return isinstance(frame, dict) and frame.get("type") == "message.created"


def test_one_connections_commands_take_effect_in_their_order(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with anna.socket() as a, ben.socket() as b:
        for i in range(200):
            a.send({"id": f"m{i}", "type": "message.send", "data": {"conversation_id": conversation["id"], "text": str(i)}})
        answers = [a.expect(lambda f: f.get("ref", "").startswith("m")) for _ in range(200)]
        assert [f["ref"] for f in answers] == [f"m{i}" for i in range(200)] and all(f["type"] == "ok" for f in answers)
        events = [b.expect(created) for _ in range(200)]
        assert [f["data"]["text"] for f in events] == [str(i) for i in range(200)]
        seqs = [f["seq"] for f in events]
        assert seqs == list(range(seqs[0], seqs[0] + 200)) and seqs == [f["data"]["seq"] for f in answers]


def test_a_resume_from_every_cursor_brings_the_rest(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with ben.socket() as b:
        start = b.welcome["cursor"]
        for i in range(12):
            anna.say(conversation, str(i))
        cursors = [b.expect(created)["cursor"] for _ in range(12)]
    for position, cursor in enumerate([start, *cursors]):
        with ben.socket(cursor=cursor) as again:
            missed = []
            while True:
                frame = again.expect(lambda f: f.get("type") in ("message.created", "synced"))
                if frame["type"] == "synced":
                    break
                missed.append(frame["data"]["text"])
            assert missed == [str(i) for i in range(position, 12)]


def test_a_cursor_of_another_server_is_too_old(anna: Person, ben: Person):
    with new_server() as elsewhere:
        with Person(base=elsewhere.url).socket() as there:
            foreign = there.welcome["cursor"]
    with anna.socket(hello=False) as a:
        assert a.refused("hello", {"cursor": foreign}) == "cursor_too_old"
        assert a.refused("hello", {"cursor": "junk"}) in ("bad_request", "unprocessable", "cursor_too_old")
        assert a.ask("hello")["user_id"] == anna.id   # it may still be greeted


def test_a_frame_without_id_gets_no_ok_and_still_its_error(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with anna.socket() as a:
        a.send({"type": "message.send", "data": {"conversation_id": conversation["id"], "text": "quiet"}})
        assert eventually(lambda: anna.history(conversation))
        a.send({"type": "message.send", "data": {"conversation_id": conversation["id"]}})
        frame = a.expect(lambda f: f.get("type") in ("ok", "error"))
        assert frame["type"] == "error" and frame["error"]["code"] == "unprocessable"


@pytest.mark.parametrize("text, code", [("\x00\x01", 1009), ("", None)])
def test_too_big_a_frame_is_the_end_and_an_empty_one_is_not(anna: Person, text: str, code: int | None):
    with anna.socket() as a:
        if code:
            a.ws.send("x" * ((1 << 20) + 1))
            assert a.wait_closed()[0] == code
        else:
            a.ws.send(text)
            assert a.ask("ping") is not None


def test_what_is_not_utf8_is_the_end(anna: Person):
    with anna.socket() as a:
        a.ws.socket.sendall(bytes([0x81, 0x82, 0, 0, 0, 0, 0xFF, 0xFE]))
        assert a.wait_closed()[0] == 1007


def test_who_is_removed_hears_that_and_nothing_more(anna: Person, ben: Person):
    group = anna.group(ben)
    with ben.socket() as b:
        cursor = b.welcome["cursor"]
        anna.rest.delete(f"/v1/conversations/{group['id']}/members/{ben.id}")
        gone = b.expect("member.removed")
        assert gone["data"]["user_id"] == ben.id
        anna.say(group, "secret")
        b.expect_none(created)
        assert b.refused("history", {"conversation_id": group["id"]}) in ("not_found", "not_member")
    with ben.socket(cursor=cursor) as again:
        frames = []
        while not frames or frames[-1]["type"] != "synced":
            frames.append(again.expect(lambda f: f.get("seq") or f.get("type") == "synced"))
        assert [f["type"] for f in frames] == ["member.removed", "synced"]


def test_reading_on_one_device_is_told_to_the_others_and_to_the_rest(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    sent = anna.say(conversation, "hello")
    with anna.socket() as a, ben.socket() as phone, ben.socket() as desk:
        phone.ask("message.read", {"conversation_id": conversation["id"], "seq": sent["seq"]})
        assert desk.expect("unread.updated")["data"]["unread_count"] == 0
        assert a.expect("read.updated")["data"] == {"user_id": ben.id, "read_seq": sent["seq"]}
    assert anna.rest.call("PATCH", f"/v1/conversations/{conversation['id']}", json={"settings": {"read_receipts": False}}).status_code == 200
    sent = anna.say(conversation, "secretly")
    with anna.socket() as a, ben.socket() as phone, ben.socket() as desk:
        phone.ask("message.read", {"conversation_id": conversation["id"], "seq": sent["seq"]})
        assert desk.expect("unread.updated")["data"]["unread_count"] == 0
        a.expect_none("read.updated")


def test_a_resume_tells_what_is_unread_and_which_pointers_moved(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with anna.socket() as a, ben.socket() as b:
        cursors = a.welcome["cursor"], b.welcome["cursor"]
    sent = [anna.say(conversation, str(i)) for i in range(3)]
    ben.rest.post(f"/v1/conversations/{conversation['id']}/read", {"seq": sent[0]["seq"]})
    with ben.socket(cursor=cursors[1]) as b:
        told = b.expect("unread.updated")["data"]
        assert (told["conversation_id"], told["unread_count"]) == (conversation["id"], 2)
        b.expect("synced")
    with anna.socket(cursor=cursors[0]) as a:
        assert a.expect("read.updated")["data"] == {"user_id": ben.id, "read_seq": sent[0]["seq"]}
        a.expect("synced")
        a.expect_none("read.updated")


def test_a_token_that_ends_is_renewed_or_the_socket_ends():
    with new_server("sqlite", "--token-grace", "1s") as server:
        anna = Person(base=server.url)
        short = make_token(JWT_SECRET, {"sub": anna.id}, ttl=2)
        with NativeSocket(ws_url(server.url, "/v1/ws"), short) as ending, NativeSocket(ws_url(server.url, "/v1/ws"), short) as renewed:
            with pytest.raises(Refused):
                renewed.ask("auth", {"token": "junk"})
            with pytest.raises(Refused):
                renewed.ask("auth", {"token": Person(base=server.url).token})   # another user's
            renewed.ask("auth", {"token": anna.token})
            assert ending.wait_closed(10)[0] == 4002
            assert renewed.ask("ping") is not None


def read_nothing(server, person: Person) -> socket.socket:
    """A client that upgrades, says hello, and then never reads again."""
    s = socket.create_connection(("127.0.0.1", server.port))
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.sendall((f"GET /v1/ws?token={person.token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n").encode())
    hello = json.dumps({"id": "h", "type": "hello", "data": {}}).encode()
    s.sendall(bytes([0x81, 0x80 | len(hello), 0, 0, 0, 0]) + hello)
    assert b"101" in s.recv(64)
    return s


def test_a_reader_too_slow_is_let_go_and_resumes_without_loss(tmp_path):
    """Its queue is bounded, nobody else waits for it, and its cursor brings everything."""
    with new_server("sqlite", "--queue-limit", "1MiB", "--rate-limit", "off") as server:
        anna, ben, cleo = (Person(base=server.url) for _ in range(3))
        group = anna.group(ben, cleo)
        with ben.socket() as b:
            cursor = b.welcome["cursor"]
        stuck = read_nothing(server, ben)
        with cleo.socket() as c, anna.socket() as a:
            count, text = 400, "x" * 9_000
            for i in range(count):
                a.send({"id": f"m{i}", "type": "message.send", "data": {"conversation_id": group["id"], "text": text}})
            for _ in range(count):
                c.expect(created)
        assert eventually(lambda: live_sockets(server) == 0, 10)   # Ben's too, though he never asked
        stuck.close()
        with ben.socket(cursor=cursor) as again:
            seqs = [again.expect(created)["seq"] for _ in range(count)]
            again.expect("synced")
        assert seqs == list(range(seqs[0], seqs[0] + count))


def test_a_resume_goes_on_however_much_more_a_page_is_than_may_wait(tmp_path):
    with new_server("sqlite", "--queue-limit", "64KiB", "--message-limit", "64KiB", "--rate-limit", "off") as server:
        anna, ben = Person(base=server.url), Person(base=server.url)
        conversation = anna.direct(ben)
        with ben.socket() as b:
            cursor = b.welcome["cursor"]
        for i in range(150):
            anna.say(conversation, str(i) + "x" * 8_000)
        with ben.socket(cursor=cursor) as again:
            seqs = [again.expect(created)["seq"] for _ in range(150)]
            again.expect("synced")
        assert seqs == list(range(seqs[0], seqs[0] + 150))


def metrics(server) -> str:
    import httpx
    return httpx.get(f"{server.url}/metrics").text


def live_sockets(server) -> int:
    lines = [line for line in metrics(server).splitlines() if line.startswith("parley_net_sockets{") or line.startswith("parley_net_sockets ")]
    return sum(int(float(line.split()[-1])) for line in lines)


def test_editing_and_deleting_by_frames_reaches_the_others(anna: Person, ben: Person):
    conversation = anna.direct(ben)
    with anna.socket() as a, ben.socket() as b:
        cursor = b.welcome["cursor"]
        sent = a.ask("message.send", {"conversation_id": conversation["id"], "text": "frist"})
        assert a.ask("message.edit", {"id": sent["id"], "text": "first"})["text"] == "first"
        edited = b.expect("message.updated")
        assert edited["data"]["text"] == "first" and edited["data"]["edited_at"] and edited["seq"] == sent["seq"] + 1
        assert b.refused("message.edit", {"id": sent["id"], "text": "mine"}) == "forbidden"
        assert b.refused("message.delete", {"id": "junk"}) == "not_found"
        b.ask("ping")
        a.ask("message.delete", {"id": sent["id"]})
        assert b.expect("message.deleted")["data"]["id"] == sent["id"]
        assert b.expect("unread.updated")["data"]["unread_count"] == 0
    with ben.socket(cursor=cursor) as again:
        frames = []
        while not frames or frames[-1]["type"] != "synced":
            frames.append(again.expect(lambda f: f.get("seq") or f.get("type") == "synced"))
        assert [f["type"] for f in frames] == ["message.created", "message.updated", "message.deleted", "synced"]
        assert "frist" not in json.dumps(frames) and "first" not in json.dumps(frames)
        assert frames[0]["data"]["deleted_at"] and "edited_at" not in frames[0]["data"]
    assert anna.rest.get(f"/v1/messages/{sent['id']}/edits").json()["items"] == []


def test_presence_is_told_to_who_watches_and_not_to_the_blocked(server):
    anna, ben, cleo = Person(base=server.url), Person(base=server.url), Person(base=server.url)
    assert anna.rest.put(f"/v1/blocks/{cleo.id}").status_code == 204
    with ben.socket() as b, cleo.socket() as c:
        for watcher in (b, c):
            seen = watcher.ask("presence.watch", {"users": [anna.id]})["items"]
            assert seen[0]["status"] == "offline"
        with anna.socket(), anna.socket() as second:
            b.expect("presence.changed", where=lambda f: f["data"] == {"user_id": anna.id, "status": "online"})
            second.ask("presence.set", {"status": "away"})
            b.expect("presence.changed", where=lambda f: f["data"]["status"] == "away")
            assert ben.rest.get(f"/v1/users/{anna.id}/presence").json()["devices"] == 2
            assert cleo.rest.get("/v1/presence", params={"users": f"{anna.id},{ben.id}"}).json()["items"][0] == {
                "user_id": anna.id, "status": "offline", "devices": 0}
        b.expect("presence.changed", where=lambda f: f["data"]["status"] == "offline")
        c.expect_none("presence.changed", quiet=0.2)
        b.ask("presence.watch", {"users": []})
        with anna.socket():
            b.expect_none("presence.changed", quiet=0.2)
    assert ben.rest.get(f"/v1/users/{anna.id}/presence").json()["last_seen"]
    with anna.socket() as a:
        assert a.refused("presence.set", {"status": "gone"}) == "unprocessable"


def test_an_edit_is_told_with_what_others_have_added(anna: Person, ben: Person):
    talk = anna.direct(ben)
    message = anna.say(talk, "one")
    ben.say(talk, "a reply", parent_id=message["id"])
    ben.rest.put(f"/v1/messages/{message['id']}/reactions/:ok:")
    with anna.socket() as a, ben.socket() as b:
        cursor = b.welcome["cursor"]
        anna.rest.call("PATCH", f"/v1/messages/{message['id']}", json={"text": "two"})
        for who, me in ((a, False), (b, True)):
            told = who.expect("message.updated")["data"]
            assert told["text"] == "two" and told["reply_count"] == 1 and told["reactions"] == [{"emoji": ":ok:", "count": 1, "me": me}]
    with ben.socket(cursor=cursor) as b:
        assert b.expect("message.updated")["data"]["reactions"] == [{"emoji": ":ok:", "count": 1, "me": True}]


def test_in_a_large_conversation_only_the_authors_learn_who_has_read_them(anna: Person, ben: Person, cleo: Person):
    crowd = anna.rest.post("/v1/conversations", {"type": "group", "members": [ben.id, cleo.id, *(f"crowd {i}" for i in range(110))]}).json()
    said = anna.say(crowd, "to all of you")
    with anna.socket() as a, cleo.socket() as c, ben.socket() as b:
        ben.rest.post(f"/v1/conversations/{crowd['id']}/read", {"seq": said["seq"]})
        assert a.expect("read.updated")["data"] == {"user_id": ben.id, "read_seq": said["seq"]}
        assert b.expect("unread.updated")["data"]["unread_count"] == 0
        c.ask("ping")
        c.expect_none("read.updated")


def test_in_a_large_conversation_only_the_authors_learn_who_has_taken_what(anna: Person, ben: Person, cleo: Person):
    crowd = anna.rest.post("/v1/conversations", {"type": "group", "members": [ben.id, cleo.id, *(f"crowd {i}" for i in range(110))]}).json()
    with anna.socket() as a, cleo.socket() as c, ben.socket() as b:
        said = anna.say(crowd, "to all of you")
        b.expect("message.created")
        taken = {a.expect("delivered.updated")["data"]["user_id"] for _ in range(2)}
        assert taken == {ben.id, cleo.id}
        c.ask("ping")
        c.expect_none("delivered.updated", where=lambda f: f["data"]["user_id"] == ben.id)
    receipts = {one["user_id"]: one for one in anna.rest.get(f"/v1/messages/{said['id']}/receipts").json()["items"]}
    assert receipts[ben.id]["delivered_at"] and receipts[cleo.id]["delivered_at"]
