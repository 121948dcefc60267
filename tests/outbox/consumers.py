"""One consumer for each kind of broker: what it has of the messages, as (id, text), in the order of the broker."""
from __future__ import annotations

import base64
import json
import time

import brokers
import kafka
import pika
from client import Rest
from messaging import Nats as NatsLine


class RabbitMq:
    """A durable queue, which keeps what comes while nobody looks. A message is told once for all, and once to each recipient."""

    door = "pulse"

    def __init__(self):
        self.broker = brokers.RabbitMq()
        self.each: list[dict] = []
        self._taken: list[tuple[str, str]] = []

    def start(self) -> None:
        self.broker.launch()
        self.broker.wait()

    def _connected(self) -> pika.BlockingConnection:
        end = time.monotonic() + 30
        while True:
            try:
                return pika.BlockingConnection(pika.URLParameters(self.broker.url))
            except pika.exceptions.AMQPConnectionError:
                assert time.monotonic() < end, "the broker did not come back"
                time.sleep(0.1)

    def bind(self) -> None:
        connection = self._connected()
        channel = connection.channel()
        channel.exchange_declare("messaging_events", "topic", durable=True)
        channel.queue_declare("kept", durable=True)
        channel.queue_bind("kept", "messaging_events", "message.sent")
        connection.close()

    def taken(self) -> list[tuple[str, str]]:
        connection = self._connected()
        channel = connection.channel()
        while True:
            method, properties, body = channel.basic_get("kept", auto_ack=True)
            if method is None:
                break
            data = json.loads(body)["data"]
            if "participants" in data:
                self._taken.append((properties.message_id, data["content"]))
            else:
                self.each.append(data)
        connection.close()
        return self._taken

    def is_missed(self, rest: Rest) -> bool:
        answer = rest.get("/ready")
        return answer.status_code == 200 and answer.json()["rabbitmq"] == "unhealthy"


class Nats:
    """The stream that the server has made, read from its beginning."""

    door = "messaging"

    def __init__(self):
        self.broker = brokers.Nats()

    def start(self) -> None:
        self.broker.start()

    def bind(self) -> None:
        """The stream keeps everything by itself."""

    def taken(self) -> list[tuple[str, str]]:
        line = NatsLine(self.broker.url, "answers")
        found = []
        while True:
            ask = json.dumps({"seq": len(found) + 1}).encode()
            line.sock.sendall(b"PUB $JS.API.STREAM.MSG.GET.MESSAGING answers %d\r\n%s\r\n" % (len(ask), ask))
            answer = json.loads(line.next()[1])
            if "message" not in answer:
                break
            found.append(json.loads(base64.b64decode(answer["message"]["data"])))
        line.close()
        for event in found:
            assert event["type"] in ("message.new", "conversation.created", "member.added") and event["instance_id"]
        return [(event["event_id"], event["data"]["content"]) for event in found if event["type"] == "message.new"]

    def is_missed(self, rest: Rest) -> bool:
        answer = rest.get("/ready")
        return answer.status_code == 200 and answer.json()["checks"]["nats"] == "down" and answer.json()["status"] == "degraded"


class Kafka:
    """The topics, read from their beginning; and what was told to people who were away."""

    door = "echo"

    def __init__(self):
        self.broker = brokers.Kafka()
        self.pushed: list[dict] = []

    def start(self) -> None:
        self.broker.launch()
        self.broker.wait()

    def bind(self) -> None:
        """The topics keep everything by themselves."""

    def taken(self) -> list[tuple[str, str]]:
        consumer = kafka.KafkaConsumer("messages", "notifications", bootstrap_servers=self.broker.address, auto_offset_reset="earliest",
                                       group_id=None, consumer_timeout_ms=1500)
        found, self.pushed = [], []
        for record in consumer:
            event = json.loads(record.value)
            assert record.key.decode() == event["conversation_id"]
            if record.topic == "notifications":
                self.pushed.append(event)
            elif event["type"] == "new_message":
                found.append((event["event_id"], event["payload"]["message"]["content"]))
        consumer.close()
        return found

    def is_missed(self, rest: Rest) -> bool:
        answer = rest.get("/ready")
        return answer.status_code == 200 and answer.json()["data"]["checks"]["kafka"]["status"] == "unhealthy"


