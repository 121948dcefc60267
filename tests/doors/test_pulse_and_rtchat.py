"""What the contracts of pulse and rtchat say beyond their acceptance cases, against one server with both."""
from __future__ import annotations

import http.server
import os
import pathlib
import threading

import httpx
import pytest
import services
from client import Rest, Socket, make_token, new_user, ws_url
from websockets.exceptions import InvalidStatus

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
DOORS = ("native", "pulse", "rtchat")


@pytest.fixture(scope="module")
def place():
    ports = {door: services.free_port() for door in DOORS}
    listening = [word for door in DOORS[1:] for word in ("--listen", f"127.0.0.1:{ports[door]}={door}")]
    limits = ["--pulse-rate-limit", "off", "--rtchat-rate-limit", "off", "--rtchat-connections-limit", "off", "--pulse-sockets", "3", "--rtchat-sockets", "3"]
    with services.Parley(BINARY, port=ports["native"], arguments=[*listening, *limits]):
        yield {door: f"http://127.0.0.1:{port}" for door, port in ports.items()}


class Person:
    def __init__(self, place: dict[str, str]):
        self.place, self.id = place, new_user()
        self.token = make_token(services.JWT_SECRET, {"sub": self.id})
        rests = {door: Rest(url, {"Authorization": "Bearer " + self.token}) for door, url in place.items()}
        self.native, self.pulse, self.rtchat = (rests[door] for door in DOORS)

    def socket(self, door: str) -> Socket:
        socket = Socket(ws_url(self.place[door], f"/ws?token={self.token}"))
        if door == "pulse":
            assert socket.expect(lambda frame: True)["type"] == "authenticated"
        return socket

    def direct(self, other: Person) -> str:
        return self.pulse.post("/api/messages/conversations", {"type": "DIRECT", "participants": [other.id]}).json()["data"]["id"]

    def say(self, where: str, content: str = "hello", **more) -> dict:
        answer = self.pulse.post("/api/messages", {"conversation_id": where, "content": content, **more})
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]

    def history(self, where: str, **params) -> list[str]:
        return [one["content"] for one in self.pulse.get(f"/api/messages/conversations/{where}/messages", params=params).json()["data"]]

    def conversation(self, where: str) -> httpx.Response:
        return self.pulse.get(f"/api/messages/conversations/{where}")


@pytest.fixture
def people(place):
    return lambda count: [Person(place) for _ in range(count)]


# ---- pulse

def test_pulse_a_message_to_somebody_makes_the_conversation(people):
    anna, ben = people(2)
    sent = anna.pulse.post("/api/messages", {"recipient_id": ben.id, "content": "hi"}).json()["data"]
    assert sent["conversation_id"] == ben.direct(anna)
    assert ben.history(sent["conversation_id"]) == ["hi"]


def test_pulse_as_many_are_mentioned_as_there_may_be(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    assert anna.say(where, mentions=[ben.id, ben.id, *(f"nobody {i}" for i in range(998)), anna.id])["mentions"] == [ben.id, anna.id]
    too_many = anna.pulse.post("/api/messages", {"conversation_id": where, "content": "x", "mentions": [f"nobody {i}" for i in range(1001)]})
    assert too_many.status_code == 400


def test_pulse_a_key_sends_once(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    post = lambda content, key: anna.pulse.call("POST", "/api/messages", json={"conversation_id": where, "content": content}, headers={"Idempotency-Key": key})
    first, again = post("once", "k"), post("once", "k")
    assert (first.status_code, again.status_code) == (201, 201) and first.json() == again.json()
    assert post("other", "k").status_code == 422
    assert post("x", "k" * 129).status_code == 400
    assert anna.history(where) == ["once"]


def test_pulse_what_was_deleted_comes_back_with_what_is_new(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    old = ben.say(where, "old")
    assert anna.pulse.delete(f"/api/messages/conversations/{where}").status_code == 200
    assert anna.conversation(where).status_code == 404
    assert anna.pulse.put(f"/api/messages/{old['id']}/read").status_code == 404
    assert anna.pulse.get("/api/messages/conversations").json() == {"data": [], "count": 0}
    assert ben.history(where) == ["old"]
    ben.say(where, "new")
    assert anna.history(where) == ["new"]
    assert anna.conversation(where).json()["data"]["unread_count"] == 1
    assert ben.pulse.get(f"/api/messages/conversations/{where}/messages").json()["data"][1]["delivery_status"] == {"read_by": []}


def test_pulse_who_deletes_a_group_is_out_of_it(people):
    anna, ben, cleo = people(3)
    where = anna.pulse.post("/api/messages/group", {"name": "g", "participants": [ben.id, cleo.id]}).json()["data"]["id"]
    assert anna.pulse.delete(f"/api/messages/conversations/{where}").status_code == 200
    assert anna.conversation(where).status_code == 404
    assert anna.pulse.post("/api/messages", {"conversation_id": where, "content": "x"}).status_code == 404
    ben.say(where, "still here")
    assert cleo.history(where) == ["still here"]


def test_pulse_reading_is_told_to_all_sockets_once(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    here, there = anna.socket("pulse"), ben.socket("pulse")
    first, second = anna.say(where, "one"), anna.say(where, "two")
    for _ in range(2):
        assert ben.pulse.put(f"/api/messages/{second['id']}/read").status_code == 200
    for socket in (here, there):
        read = socket.expect("read")["payload"]
        assert (read["message_id"], read["conversation_id"], read["user_id"]) == (second["id"], where, ben.id)
        socket.expect_none("read", quiet=0.3)
    shown = anna.pulse.get(f"/api/messages/conversations/{where}/messages").json()["data"]
    assert shown[0]["delivery_status"]["read_by"] == [{"user_id": ben.id, "read_at": read["read_at"]}]
    assert shown[1]["delivery_status"]["read_by"] == []
    assert anna.pulse.put(f"/api/messages/{first['id']}/read").status_code == 200   # her own: nothing
    here.expect_none("read", quiet=0.3)


def test_pulse_reading_up_to_somewhere_at_another_door_reads_each(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    sent = [anna.say(where, str(i)) for i in range(3)]
    here = anna.socket("pulse")
    seq = ben.native.get(f"/v1/conversations/{where}/messages").json()["items"][0]["seq"]
    assert ben.native.post(f"/v1/conversations/{where}/read", {"seq": seq}).status_code == 200
    assert [here.expect("read")["payload"]["message_id"] for _ in sent] == [one["id"] for one in sent]


def test_pulse_blocked_and_cleaned_and_refused(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    assert anna.say(where, "a\x00b\x1b[31m\tc")["content"] == "ab[31m\tc"
    assert anna.pulse.post("/api/messages", {"conversation_id": where, "content": "\x01\x02"}).status_code == 400
    assert anna.pulse.post("/api/messages", {"conversation_id": "nonsense", "content": "x"}).status_code == 400
    assert ben.rtchat.put(f"/api/blocks/{anna.id}").status_code == 204
    assert anna.pulse.post("/api/messages", {"conversation_id": where, "content": "x"}).status_code == 403
    answer = anna.pulse.call("PATCH", "/api/messages")
    assert answer.status_code == 405 and answer.headers["allow"] == "POST"
    assert anna.pulse.get("/api/nothing").status_code == 404


def test_pulse_away_and_who_was_there_before(people):
    anna, ben = people(2)
    anna.direct(ben)
    there = ben.socket("pulse")
    there.send({"type": "presence", "payload": {"status": "away"}})
    there.send({"type": "typing", "payload": {}})
    assert there.expect("error")["payload"]["error"]
    here = anna.socket("pulse")
    assert here.expect("presence")["payload"]["status"] == "away"
    there.send({"type": "presence", "payload": {"status": "online"}})
    assert here.expect("presence")["payload"]["status"] == "online"


def test_pulse_frames_and_sockets_have_limits(people):
    [anna] = people(1)
    sockets = [anna.socket("pulse") for _ in range(3)]
    with pytest.raises(InvalidStatus) as refused:
        anna.socket("pulse")
    assert refused.value.response.status_code == 429
    sockets[0].send("x" * (64 * 1024 + 1))
    assert sockets[0].wait_closed()[0] == 1009


# ---- rtchat

def test_rtchat_a_set_of_two_is_their_direct_conversation(people):
    anna, ben = people(2)
    where = anna.direct(ben)
    sent = anna.rtchat.post("/api/messages", {"participants": [anna.id, ben.id], "content": "x < y"}).json()
    assert sent["status"] == "message queued"
    assert [one["id"] for one in anna.pulse.get(f"/api/messages/conversations/{where}/messages").json()["data"]] == [sent["id"]]
    raw = ben.rtchat.get("/api/messages/get", params={"participants": f"{ben.id},{anna.id}"}).text
    assert "x \\u003c y" in raw


def test_rtchat_notes_to_oneself_and_ids_with_commas(people):
    [anna] = people(1)
    assert anna.rtchat.post("/api/messages", {"participants": [anna.id], "content": "note"}).status_code == 202
    assert [one["content"] for one in anna.rtchat.get("/api/messages/get", params={"participants": anna.id}).json()] == ["note"]
    odd = "a,b @/ 👋"
    assert anna.rtchat.post("/api/messages", {"participants": [anna.id, odd, " x "], "content": "to all"}).status_code == 202
    several = anna.rtchat.get("/api/messages/get", params=[("participants", odd), ("participants", "x"), ("participants", anna.id)]).json()
    assert several[0]["participants"] == sorted([anna.id, odd, "x"], key=str.encode)


def test_rtchat_pages_of_junk_are_the_first(people):
    anna, ben = people(2)
    for i in range(5):
        anna.rtchat.post("/api/messages", {"participants": [anna.id, ben.id], "content": str(i)})
    page = lambda **params: [one["content"] for one in anna.rtchat.get("/api/messages/get", params={"participants": f"{anna.id},{ben.id}", **params}).json()]
    assert page(page="-1", size="x") == page(page="99999999999999999999", size="0") == ["4", "3", "2", "1", "0"]
    assert page(page=str(2**63 - 1), size="100") == []
    assert page(page="1", size="2") == ["2", "1"]
    newest = anna.rtchat.get("/api/messages/get", params={"participants": f"{anna.id},{ben.id}"}).json()
    assert page(before=newest[1]["id"]) == ["2", "1", "0"]


def test_rtchat_a_key_sends_once(people):
    anna, ben = people(2)
    post = lambda content: anna.rtchat.call("POST", "/api/messages", json={"participants": [anna.id, ben.id], "content": content}, headers={"Idempotency-Key": "k"})
    first, again = post("once"), post("once")
    assert first.json() == again.json() and again.status_code == 202
    assert post("other").status_code == 422


def test_rtchat_who_is_blocked_is_not_heard_in_larger_channels_either(people):
    anna, ben, mallory = people(3)
    everybody = [anna.id, ben.id, mallory.id]
    here = ben.socket("rtchat")
    assert ben.rtchat.put(f"/api/blocks/{mallory.id}").status_code == 204
    assert mallory.rtchat.post("/api/messages", {"participants": everybody, "content": "unheard"}).status_code == 202
    assert anna.rtchat.post("/api/messages", {"participants": everybody, "content": "heard"}).status_code == 202
    assert here.expect(lambda frame: True)["content"] == "heard"
    assert [one["content"] for one in ben.rtchat.get("/api/messages/get", params={"participants": ",".join(everybody)}).json()] == ["heard", "unheard"]
    assert mallory.rtchat.post("/api/connections", {"users": [ben.id]}).json() == {ben.id: 0}
    assert anna.rtchat.post("/api/connections", {"users": [ben.id, ben.id]}).json() == {ben.id: 1}


def test_rtchat_what_others_say_in_a_channel_is_heard_too(people):
    anna, ben, cleo = people(3)
    everybody = [anna.id, ben.id, cleo.id]
    assert anna.rtchat.post("/api/messages", {"participants": everybody, "content": "first"}).status_code == 202
    where = ben.native.get("/v1/conversations").json()["items"][0]["id"]
    here = anna.socket("rtchat")
    sent = [ben.native.post(f"/v1/conversations/{where}/messages", {"text": str(i)}) for i in range(5)]
    assert all(one.status_code == 201 for one in sent)
    frames = [here.expect(lambda frame: True) for _ in range(5)]
    assert [one["content"] for one in frames] == ["0", "1", "2", "3", "4"]
    assert all(one["participants"] == sorted(everybody) for one in frames)


def test_rtchat_a_group_of_another_door_is_named_by_who_is_in_it(people):
    anna, ben, cleo = people(3)
    here = anna.socket("rtchat")
    where = ben.native.post("/v1/conversations", {"type": "group", "name": "plans", "members": [anna.id, cleo.id]}).json()["id"]
    assert ben.native.post(f"/v1/conversations/{where}/messages", {"text": "ideas?"}).status_code == 201
    assert here.expect(lambda frame: True)["participants"] == sorted([anna.id, ben.id, cleo.id])
    assert anna.rtchat.post("/api/messages", {"participants": [cleo.id, anna.id, ben.id], "content": "yes"}).status_code == 202
    assert [one["text"] for one in ben.native.get(f"/v1/conversations/{where}/messages").json()["items"]] == ["yes", "ideas?"]
    assert ben.native.delete(f"/v1/conversations/{where}/members/{cleo.id}").status_code in (200, 204)
    assert ben.native.post(f"/v1/conversations/{where}/messages", {"text": "two of us"}).status_code == 201
    assert here.expect(lambda frame: True)["participants"] == sorted([anna.id, ben.id])
    # The three are nobody's set any more: their next message begins anew.
    assert anna.rtchat.post("/api/messages", {"participants": [anna.id, ben.id, cleo.id], "content": "anew"}).status_code == 202
    assert [one["content"] for one in cleo.rtchat.get("/api/messages/get", params={"participants": f"{anna.id},{ben.id},{cleo.id}"}).json()] == ["anew"]


def test_rtchat_nobody_is_told_what_is_there_without_a_token(people, place):
    stranger = Rest(place["rtchat"])
    for path in ("/api/messages", "/api/messages/get", "/api/nothing", "/ws"):
        answer = stranger.get(path)
        assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer"
        assert answer.headers["content-type"].startswith("text/plain") and answer.text.count("\n") == 1
    [anna] = people(1)
    assert anna.rtchat.get("/ws").status_code == 400
    assert anna.rtchat.get("/api/nothing").status_code == 404
    with pytest.raises(InvalidStatus) as refused:
        Socket(ws_url(place["rtchat"], f"/ws?token={anna.token}"), {"Origin": "https://elsewhere.invalid"})
    assert refused.value.response.status_code == 403


def test_rtchat_a_socket_is_for_listening(people):
    anna, ben = people(2)
    here = anna.socket("rtchat")
    here.send("anything")
    ben.rtchat.post("/api/messages", {"participants": [anna.id, ben.id], "content": "still there"})
    assert here.expect(lambda frame: True)["content"] == "still there"
    here.send("x" * 513)
    assert here.wait_closed()[0] == 1009


def test_pulse_asks_who_exists():
    class Service(http.server.BaseHTTPRequestHandler):
        asked: list[str] = []

        def do_GET(self) -> None:
            Service.asked.append(self.path)
            self.send_response(404 if self.path.endswith("nobody") else 200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_) -> None:
            pass

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    port = services.free_port()
    arguments = ["--listen", f"127.0.0.1:{port}=pulse", "--pulse-users-url", f"http://127.0.0.1:{service.server_port}/"]
    with services.Parley(BINARY, arguments=arguments):
        rest = Rest(f"http://127.0.0.1:{port}", {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"userId": "anna"})})

        def group(*people: str) -> int:
            return rest.post("/api/messages/group", {"name": "g", "participants": list(people)}).status_code

        assert group("ben", "cleo") == 201
        assert group("ben", "nobody") == 400
        assert group("ben", "nobody") == 400
        assert sorted(Service.asked) == ["/api/v1/users/ben", "/api/v1/users/cleo", "/api/v1/users/nobody"], "answers are remembered"
        service.shutdown()
        service.server_close()
        assert group("dan", *(f"user {i}" for i in range(40))) == 201


def test_pulse_keeps_what_the_user_service_says_of_people():
    class Service(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rsplit("/", 1)[1]
            says = {"ben": b'{"data":{"username":"benny","display_name":"Ben","verified":true}}', "cleo": b'{"username":"cleo"}', "dan": b"no JSON"}[name]
            self.send_response(200)
            self.send_header("Content-Length", str(len(says)))
            self.end_headers()
            self.wfile.write(says)

        def log_message(self, *_) -> None:
            pass

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    port = services.free_port()
    arguments = ["--listen", f"127.0.0.1:{port}=pulse", "--pulse-users-url", f"http://127.0.0.1:{service.server_port}"]
    with services.Parley(BINARY, arguments=arguments):
        rest = Rest(f"http://127.0.0.1:{port}", {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"userId": "anna"})})
        made = rest.post("/api/messages/group", {"name": "g", "participants": ["ben", "cleo", "dan"]}).json()["data"]
        details = {one["id"]: one for one in made["participant_details"]}
        assert details == {"ben": {"id": "ben", "username": "benny", "display_name": "Ben", "avatar_url": "", "verified": True},
                           "cleo": {"id": "cleo", "username": "cleo", "display_name": "", "avatar_url": "", "verified": False}}
    service.shutdown()
    service.server_close()


def test_each_door_counts_its_own_sockets(people):
    anna, ben = people(2)
    rtchat, pulse = [anna.socket("rtchat") for _ in range(3)], [anna.socket("pulse") for _ in range(3)]
    assert ben.rtchat.post("/api/connections", {"users": [anna.id]}).json() == {anna.id: 3}
    for door in ("rtchat", "pulse"):
        with pytest.raises(InvalidStatus) as refused:
            anna.socket(door)
        assert refused.value.response.status_code == 429 and int(refused.value.response.headers["retry-after"]) >= 1
    rtchat[0].close()
    services.wait_until(lambda: ben.rtchat.post("/api/connections", {"users": [anna.id]}).json() == {anna.id: 2}, 5, "the count to go down")
    assert anna.socket("rtchat").closed is None
    for socket in (*rtchat, *pulse):
        socket.close()


def test_pulse_what_is_no_person_or_no_socket_is_refused(people, place):
    [anna] = people(1)
    for recipient in ("", anna.id, "x" * 129):
        answer = anna.pulse.call("POST", "/api/messages", json={"recipient_id": recipient, "content": "x"}, headers={"Idempotency-Key": "k"})
        assert answer.status_code == 400, answer.text
    assert Rest(place["pulse"]).get("/ws").status_code == 401
    assert anna.pulse.get("/ws").status_code == 400
    answer = Rest(place["pulse"]).call("OPTIONS", "/api/messages", headers={"Origin": "https://a.example"})
    assert answer.status_code == 204 and "DELETE" in answer.headers["access-control-allow-methods"] and "Authorization" in answer.headers["access-control-allow-headers"]


def test_rtchat_what_is_malformed_is_said_to_be_so_before_who_may_write(people):
    anna, ben = people(2)
    assert anna.rtchat.post("/api/messages", {"participants": [ben.id], "content": 5}).status_code == 400
    assert anna.rtchat.post("/api/messages", {"participants": [ben.id], "content": ""}).status_code == 403
