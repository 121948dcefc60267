"""What RabbitMQ brings to the pulse door: notifications for who is here, and who people are."""
from __future__ import annotations

import json
import os
import pathlib

import brokers
import pika
import pytest
import services
from client import Rest, Socket, make_token, new_user, ws_url

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")


@pytest.fixture(scope="module")
def broker():
    with brokers.RabbitMq() as started:
        yield started.wait()


class Platform:
    """The other services: they publish, and look at what waits."""

    def __init__(self, broker: brokers.RabbitMq):
        self.broker = broker

    def _channel(self):
        connection = pika.BlockingConnection(pika.URLParameters(self.broker.url))
        return connection, connection.channel()

    def publish(self, exchange: str, key: str, body: dict | str | bytes) -> None:
        connection, channel = self._channel()
        channel.confirm_delivery()
        channel.basic_publish(exchange, key, body if isinstance(body, (str, bytes)) else json.dumps(body), pika.BasicProperties(delivery_mode=2), mandatory=True)
        connection.close()

    def waiting(self, queue: str) -> int:
        connection, channel = self._channel()
        count = channel.queue_declare(queue, passive=True).method.message_count
        connection.close()
        return count


class Door:
    def __init__(self, broker: brokers.RabbitMq, store: str | None = None):
        self.port = services.free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        arguments = ["--listen", f"127.0.0.1:{self.port}=pulse", "--pulse-rate-limit", "off", "--events", broker.url]
        self.server = services.Parley(BINARY, store=store, arguments=arguments)

    def __enter__(self) -> Door:
        self.server.__enter__()
        services.wait_until(lambda: Rest(self.base).get("/ready").json().get("rabbitmq") == "healthy", 30, "the broker's connection")
        return self

    def __exit__(self, *words) -> None:
        self.server.__exit__(*words)

    def rest(self, user: str) -> Rest:
        return Rest(self.base, {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"userId": user})})

    def socket(self, user: str) -> Socket:
        socket = Socket(ws_url(self.base, "/ws?token=" + make_token(services.JWT_SECRET, {"userId": user})))
        socket.expect("authenticated")
        return socket

    def details(self, user: str, conversation: str) -> list[dict]:
        return self.rest(user).get(f"/api/messages/conversations/{conversation}").json()["data"].get("participant_details", [])


def notification(recipient: str, **more) -> dict:
    data = {"_id": new_user(), "recipient_id": recipient, "sender_id": "s", "type": "like", "title": "Hello", "message": "ünï", "reference_id": "r", "reference_type": "post",
            "is_read": False, "priority": "NORMAL", "created_at": "2026-01-02T03:04:05.678Z", "metadata": {"a": [1]}} | more
    return {"type": "notification.created", "timestamp": "2026-01-02T03:04:05.678Z", "data": data}


def test_notifications_go_to_the_sockets_of_who_they_are_for(broker):
    platform = Platform(broker)
    with Door(broker) as door:
        services.wait_until(lambda: queue_is_there(platform), 30, "the queue")
        anna, ben = new_user(), new_user()
        phone, laptop, other = door.socket(anna), door.socket(anna), door.socket(ben)
        for junk in ("junk", b"\xff\x00", "[]", {}, {"type": "notification.created"}, {"type": "notification.created", "data": {"recipient_id": 5}}):
            platform.publish("notification_events", "notification.created", junk)
        platform.publish("notification_events", "notification.read", notification(anna) | {"type": "notification.read"})
        told = notification(anna)
        for _ in range(2):
            platform.publish("notification_events", "notification.created", told)
        for socket in (phone, laptop):
            assert socket.expect("notification")["payload"] == {"type": "notification.created", "data": told["data"]}
            socket.expect_none("notification", quiet=0.5)
        other.expect_none("notification", quiet=0.1)
        services.wait_until(lambda: platform.waiting("messaging_notifications") == 0, 10, "all of it to be taken")


def queue_is_there(platform: Platform) -> bool:
    try:
        platform.waiting("messaging_users")
        return True
    except pika.exceptions.ChannelClosedByBroker:
        return False


def test_users_are_known_by_what_the_platform_tells_of_them(broker):
    platform = Platform(broker)
    with Door(broker) as door:
        services.wait_until(lambda: queue_is_there(platform), 30, "the queue")
        anna, ben = new_user(), new_user()
        talk = door.rest(anna).post("/api/messages/conversations", {"type": "DIRECT", "participants": [ben]}).json()["data"]
        assert "participant_details" not in talk
        platform.publish("user_events", "user.registered", {"user_id": anna, "username": "anna", "display_name": "Anna A.", "avatar_url": "https://a.example/a.png", "verified": True})
        platform.publish("user_events", "user.registered", "junk")
        platform.publish("user_events", "user.updated", {"type": "user.updated", "data": {"user_id": ben, "username": "ben"}})
        wanted = [{"id": anna, "username": "anna", "display_name": "Anna A.", "avatar_url": "https://a.example/a.png", "verified": True},
                  {"id": ben, "username": "ben", "display_name": "", "avatar_url": "", "verified": False}]
        services.wait_until(lambda: door.details(ben, talk["id"]) == wanted, 15, "both names")
        assert door.rest(ben).get("/api/messages/conversations").json()["data"][0]["participant_details"] == wanted

        # Those who are told of a message learn who wrote it.
        connection, channel = platform._channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, "messaging_events", "message.sent")
        door.rest(anna).post("/api/messages", {"conversation_id": talk["id"], "content": "hi"})
        seen: list[dict] = []

        def told() -> bool:
            method, _, body = channel.basic_get(queue, auto_ack=True)
            if method:
                seen.append(json.loads(body)["data"])
            return any("recipient_id" in one for one in seen)
        services.wait_until(told, 15, "the message to be told")
        connection.close()
        assert [one["sender_username"] for one in seen if "recipient_id" in one] == ["anna"]


def test_what_was_told_while_the_store_or_the_server_was_away_is_known_afterwards(broker):
    platform = Platform(broker)
    with services.Postgres() as postgres, Door(broker, postgres.fresh_database()) as door:
        services.wait_until(lambda: queue_is_there(platform), 30, "the queue")
        anna, ben = new_user(), new_user()
        talk = door.rest(anna).post("/api/messages/conversations", {"type": "DIRECT", "participants": [ben]}).json()["data"]["id"]
        postgres.halt()
        platform.publish("user_events", "user.registered", {"user_id": anna, "username": "told without a store"})
        postgres.start()
        services.wait_until(lambda: ready(door) and [one["username"] for one in door.details(ben, talk)] == ["told without a store"], 30, "the name")
        door.server.kill()
        platform.publish("user_events", "user.updated", {"user_id": anna, "username": "told without a server"})
        door.server.start()
        services.wait_until(lambda: [one["username"] for one in door.details(ben, talk)] == ["told without a server"], 90, "the newer name")


def ready(door: Door) -> bool:
    return Rest(door.base).get("/ready").status_code == 200
