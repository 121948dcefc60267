"""What the echo door tells Kafka beside the messages themselves: deliveries, readings, who uses what, and calls to people who are away."""
from __future__ import annotations

import json
import os
import pathlib
import time

import brokers
import kafka
import pytest
import services
from echo import Person, data

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


class Listener:
    """All records of the three topics, in the order of each."""

    def __init__(self, address: str):
        self.consumer = kafka.KafkaConsumer("messages", "notifications", "analytics", bootstrap_servers=address, auto_offset_reset="earliest", group_id=None)
        self.seen: list[tuple[str, str, dict]] = []

    def wait_for(self, topic: str, fits, seconds: float = 20) -> dict:
        end = time.monotonic() + seconds
        while True:
            for place, key, value in self.seen:
                if place == topic and fits(value):
                    assert key == value.get("conversation_id", value.get("user_id"))
                    return value
            assert time.monotonic() < end, f"not on {topic}; there were {self.seen[-5:]}"
            for records in self.consumer.poll(timeout_ms=500).values():
                self.seen += [(one.topic, one.key.decode(), json.loads(one.value)) for one in records]

    def all(self, topic: str, **want) -> list[dict]:
        return [value for place, _, value in self.seen if place == topic and all(value.get(k) == v for k, v in want.items())]


@pytest.fixture(scope="module")
def told():
    port = services.free_port()
    with brokers.Kafka() as broker:
        broker.wait()
        with services.Parley(BINARY, arguments=["--listen", f"127.0.0.1:{port}=echo", "--events", broker.url, "--echo-analytics", "on"]):
            listener = Listener(broker.address)
            yield f"http://127.0.0.1:{port}", listener
            listener.consumer.close()


def test_deliveries_and_readings_are_told(told):
    base, listener = told
    a, b = Person(base=base), Person(base=base)
    c = a.conversation(b)
    with b.socket("phone"):
        mid = a.send(c, "hello")["id"]
        event = listener.wait_for("messages", lambda one: one["type"] == "message_delivered" and one["payload"]["message_id"] == mid)
        assert event["payload"]["user_id"] == b.id and event["payload"]["conversation_id"] == c
        assert set(event) >= {"event_id", "instance_id", "type", "conversation_id", "payload", "created_at"}
        data(b.read(mid))
        event = listener.wait_for("messages", lambda one: one["type"] == "message_read" and one["payload"]["message_id"] == mid)
        assert event["payload"]["user_id"] == b.id
    assert len(listener.all("messages", type="message_delivered")) == 1
    assert not listener.all("notifications", message_id=mid)   # who was there needs no push


def test_analytics_say_who_does_what_and_nothing_of_what_is_said(told):
    base, listener = told
    a, b = Person(base=base), Person(base=base)
    c = a.conversation(b)
    b.rest.http.headers.update({"X-Device-ID": "tablet", "X-Platform": "ios", "X-App-Version": "2.0"})
    with a.socket("laptop"):
        mid = b.send(c, "a secret of ours")["id"]
        of = lambda event, user: lambda one: one["event"] == event and one["user_id"] == user.id
        sent = listener.wait_for("analytics", of("message_sent", b))
        assert sent["device"] == {"id": "tablet", "platform": "ios", "app_version": "2.0"}
        assert sent["message_id"] == mid and sent["conversation_id"] == c and sent["at"]
        connected = listener.wait_for("analytics", of("connected", a))
        assert connected["device"] == {"id": "laptop", "platform": "web", "app_version": "1.0.0"} and "conversation_id" not in connected
        assert listener.wait_for("analytics", of("message_delivered", a))["message_id"] == mid
        data(a.read(mid))
        assert listener.wait_for("analytics", of("message_read", a))["message_id"] == mid
    listener.wait_for("analytics", of("disconnected", a))
    assert "secret" not in json.dumps([value for topic, _, value in listener.seen if topic == "analytics"])


def test_a_call_rings_who_is_away_and_a_sealed_text_stays_sealed(told):
    base, listener = told
    a, b = Person(base=base), Person(base=base)
    c = a.conversation(b)
    with a.socket() as s:
        s.send({"type": "call_signal", "payload": {"conversation_id": c, "call_id": "k1", "kind": "offer", "data": {"sdp": "x"}}})
        ring = listener.wait_for("notifications", lambda one: one["type"] == "incoming_call" and one["user_id"] == b.id)
        assert ring["conversation_id"] == c and ring["call"]["call_id"] == "k1" and ring["call"]["from_user_id"] == a.id
    mid = a.send(c, "cipher", metadata={"e2ee": {"alg": "x"}})["id"]
    push = listener.wait_for("notifications", lambda one: one.get("message_id") == mid)
    assert push["content"] == "" and push["mentioned"] is False and push["sender_id"] == a.id
    plain = a.send(c, "hello you", mentions=[{"user_id": b.id, "offset": 6, "length": 3}])["id"]
    push = listener.wait_for("notifications", lambda one: one.get("message_id") == plain)
    assert push["content"] == "hello you" and push["mentioned"] is True and push["message_type"] == "text"
    assert not listener.all("notifications", user_id=a.id)   # never the sender
