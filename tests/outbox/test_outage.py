"""A broker that goes away, and a kill -9 of the server meanwhile: the events that a consumer has in the end lack none."""
from __future__ import annotations

import json
import os
import pathlib
import time

import httpx
import pika
import services
from client import Rest, make_token, new_user

BINARY = pathlib.Path(os.environ.get("PARLEY_BIN") or pathlib.Path(__file__).resolve().parents[2] / "build" / "release" / "parley")
MESSAGES = 60   # in each of the three stretches
CONVERSATIONS = 3


class Consumer:
    """A durable queue at the broker, which keeps what comes while nobody looks; and what has been taken from it."""

    def __init__(self, url: str):
        self.url, self.taken = url, []

    def connected(self) -> pika.BlockingConnection:
        end = time.monotonic() + 30
        while True:
            try:
                return pika.BlockingConnection(pika.URLParameters(self.url))
            except pika.exceptions.AMQPConnectionError:
                assert time.monotonic() < end, "the broker did not come back"
                time.sleep(0.1)

    def bind(self) -> None:
        connection = self.connected()
        channel = connection.channel()
        channel.exchange_declare("messaging_events", "topic", durable=True)
        channel.queue_declare("kept", durable=True)
        channel.queue_bind("kept", "messaging_events", "message.sent")
        connection.close()

    def take(self) -> None:
        connection = self.connected()
        channel = connection.channel()
        while True:
            method, properties, body = channel.basic_get("kept", auto_ack=True)
            if method is None:
                break
            self.taken.append((properties.message_id, json.loads(body)["data"]))
        connection.close()

    def texts(self, where: str) -> list[str]:
        """Of that conversation, each event once: a repeat has the id of the first."""
        seen, texts = set(), []
        for id, data in self.taken:
            if data["conversation_id"] == where and "participants" in data and id not in seen:
                seen.add(id)
                texts.append(data["content"])
        return texts


def say(rest: Rest, where: str, text: str) -> None:
    body = {"conversation_id": where, "content": text}
    end = time.monotonic() + 30
    while True:
        try:
            answer = rest.call("POST", "/api/messages", json=body, headers={"Idempotency-Key": text})
            assert answer.status_code == 201, answer.text
            return
        except httpx.TransportError:
            assert time.monotonic() < end, "the server did not come back"
            time.sleep(0.05)


def test_rabbitmq_lacks_nothing_after_an_outage_with_a_kill_in_it():
    port = services.free_port()
    with services.RabbitMq() as broker:
        consumer = Consumer(broker.wait().url)
        consumer.bind()
        arguments = ["--listen", f"127.0.0.1:{port}=pulse", "--pulse-rate-limit", "off", "--events", broker.url]
        with services.Parley(BINARY, arguments=arguments) as server:
            anna, ben = new_user(), new_user()
            rest = Rest(f"http://127.0.0.1:{port}", {"Authorization": "Bearer " + make_token(services.JWT_SECRET, {"userId": anna})})
            places = [rest.post("/api/messages/group", {"name": str(i), "participants": [ben]}).json()["data"]["id"] for i in range(CONVERSATIONS)]
            said: dict[str, list[str]] = {where: [] for where in places}

            def stretch(name: str) -> None:
                for i in range(MESSAGES):
                    where = places[i % CONVERSATIONS]
                    said[where].append(f"{name} {i}")
                    say(rest, where, said[where][-1])

            stretch("with the broker")
            broker.halt()
            begin = time.monotonic()
            stretch("without it")
            assert time.monotonic() - begin < 20, "nobody waits for the broker"
            assert rest.get("/ready").json()["rabbitmq"] == "unhealthy" and rest.get("/ready").status_code == 200
            server.kill()
            server.start()
            stretch("after the kill")
            broker.launch()
            broker.wait()

            def all_there() -> bool:
                consumer.take()
                return all(len(consumer.texts(where)) >= len(said[where]) for where in places)

            services.wait_until(all_there, 60, "the last event")
    for where in places:
        assert consumer.texts(where) == said[where]
    each = [data for _, data in consumer.taken if "recipient_id" in data]
    assert {data["recipient_id"] for data in each} == {ben} and len({id for id, data in consumer.taken if "recipient_id" in data}) == 3 * MESSAGES
    print(f"{3 * MESSAGES} messages, {len(consumer.taken)} events, {len(consumer.taken) - 6 * MESSAGES} of them repeats")
