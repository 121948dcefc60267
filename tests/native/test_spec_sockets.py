"""/asyncapi.json: each frame is what it says, and none is left out."""
from __future__ import annotations

import signal

import pytest
from client import Rest
from conftest import new_server
from described import COMMANDS, EVENTS, CheckedSocket, anna, ben, cleo, commands_done, events_seen, everything_happens, service
from native import Person, Refused


def test_commands_and_their_answers(server, anna: Person, ben: Person):
    talk = anna.direct(ben)
    here = {"conversation_id": talk["id"]}
    with CheckedSocket(anna, server, hello=False) as a, CheckedSocket(ben, server, device_id="phone") as b:
        assert a.refused("ping") == "bad_request"
        a.ask("hello", {"device_id": "desk", "platform": "web", "app_version": "1"})
        sent = a.ask("message.send", {**here, "text": "hello", "client_id": "k", "mentions": [{"all": True}]})
        a.ask("message.send", {**here, "text": "again", "parent_id": sent["id"], "quote_id": sent["id"], "attachments": [{"url": "https://a.example"}]})
        a.ask("message.edit", {"id": sent["id"], "text": "Hello"})
        a.ask("message.react", {"id": sent["id"], "emoji": "\U0001F44D"})
        a.ask("message.unreact", {"id": sent["id"], "emoji": "\U0001F44D"})
        a.ask("typing", {**here, "is_typing": True})
        b.ask("message.read", {**here, "seq": sent["seq"]})
        assert a.ask("presence.watch", {"users": [ben.id]})["items"][0]["status"] == "online"
        b.ask("presence.set", {"status": "away"})
        a.expect("presence.changed", where=lambda f: f["data"]["status"] == "away")
        b.ask("message.react", {"id": sent["id"], "emoji": ":ok:"})
        assert a.ask("history", {**here, "limit": 1})["next"] and a.ask("history", {**here, "after_seq": sent["seq"]})["items"]
        a.ask("message.recall", {"id": sent["id"]})
        a.ask("message.delete", {"id": a.ask("message.send", {**here, "text": "x"})["id"]})
        assert a.ask("auth", {"token": anna.token})["expires_at"] and a.ask("ping") == {}
        for type_, data, code in [("message.send", {**here}, "unprocessable"), ("message.send", {"conversation_id": "nothing", "text": "x"}, "not_found"),
                                  ("message.send", {**here, "text": "x" * 10_001}, "too_large"), ("message.edit", {"id": sent["id"], "text": "x"}, "gone"),
                                  ("message.read", {**here, "seq": 1_000}, "unprocessable"), ("presence.set", {"status": "gone"}, "unprocessable"),
                                  ("history", {**here, "limit": 0}, "bad_request"), ("auth", {"token": "junk"}, "unauthorized"),
                                  ("no.such.frame", {}, "bad_request"), ("hello", {}, "bad_request")]:
            assert a.refused(type_, data) == code, (type_, data)
        a.send("no JSON")
        assert a.expect("error")["error"]["code"] == "bad_request"
        assert b.expect("message.deleted")
        b.drain()


def test_signals_of_a_call(server, anna: Person, ben: Person):
    talk = anna.direct(ben)
    with CheckedSocket(anna, server) as a, CheckedSocket(ben, server) as b:
        a.ask("call.signal", {"to": ben.id, "call_id": "c1", "kind": "offer", "payload": {"sdp": "v=0"}})
        assert b.expect("call.signal")["data"] == {"user_id": anna.id, "call_id": "c1", "kind": "offer", "payload": {"sdp": "v=0"}}
        b.ask("call.signal", {"conversation_id": talk["id"], "call_id": "c1", "kind": "answer"})
        assert a.expect("call.signal")["data"] == {"user_id": ben.id, "call_id": "c1", "kind": "answer", "conversation_id": talk["id"]}
        with pytest.raises(Refused):
            a.ask("call.signal", {"call_id": "c1", "kind": "end"})


# covers: native message.pinned
# covers: native message.unpinned
# covers: native reaction.added
# covers: native reaction.removed
# covers: native member.added
# covers: native member.updated
def test_events_live_and_again(server, anna: Person, ben: Person, cleo: Person, service: Person):
    with CheckedSocket(anna, server) as a, CheckedSocket(ben, server) as b:
        cursor = b.welcome["cursor"]
        everything_happens(anna, ben)
        assert service.rest.post("/v1/notifications", {"user_ids": [ben.id], "type": "news", "title": "hi"}).status_code == 202
        b.expect("notification.created")
        b.expect("conversation.deleted")
        sent = anna.say(anna.direct(ben), "read this")
        ben.rest.post(f"/v1/conversations/{sent['conversation_id']}/read", {"seq": sent["seq"]})
        a.expect("read.updated", where=lambda f: f["data"]["user_id"] == ben.id)
        b.expect("unread.updated", where=lambda f: f["data"]["unread_count"] == 0)
        # Who fetches at the echo door has been reached.
        talk = anna.direct(cleo)
        anna.say(talk, "have you got this?")
        fetched = Rest(server.url + "/echo", {"Authorization": f"Bearer {cleo.token}"}).get(f"/api/v1/conversations/{talk['id']}/messages")
        assert fetched.status_code == 200
        a.expect("delivered.updated", where=lambda f: f["data"]["user_id"] == cleo.id)
        b.drain()
    with CheckedSocket(ben, server, cursor=cursor) as b:
        b.expect("synced")
        assert {"conversation.deleted", "message.recalled", "read.updated"} <= {frame["type"] for frame in b.seen}


def test_a_server_that_ends_says_so(server):
    with new_server() as ending:
        anna = Person(base=ending.url)
        with CheckedSocket(anna, server) as a:
            ending.process.send_signal(signal.SIGTERM)
            a.expect("drain")
            assert a.wait_closed(10)[0] == 1001


def test_no_frame_was_left_out(server):
    """By the tests above, on this server."""
    assert COMMANDS.keys() - commands_done[server.url] == set()
    assert EVENTS.keys() - events_seen[server.url] == set()
