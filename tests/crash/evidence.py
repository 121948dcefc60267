"""What is known after a run: what the clients decided, were told and received, and what the server says at the end.

Only data; the checker judges it. Times are those of time.monotonic().
"""
from __future__ import annotations

import dataclasses
from typing import Any, Iterable, NamedTuple


class Violation(NamedTuple):
    """`kind` is one of the checker's words (checker.KINDS)."""
    kind: str
    what: str

    def __str__(self) -> str:
        text = f"{self.kind}: {self.what}"
        return text if len(text) <= 600 else f"{text[:600]} …"


class Ack(NamedTuple):
    id: str
    seq: int


@dataclasses.dataclass
class Send:
    """A message that somebody has decided to send: once, however often they have to try."""
    key: str            # the client_id
    sender: str
    conversation: str
    text: str           # no two messages of a run have the same
    born: float = 0.0   # before the first try
    tries: list[int] = dataclasses.field(default_factory=list)   # the connection of each; no two connections have the same number
    acks: list[Ack] = dataclasses.field(default_factory=list)
    acked_at: float = 0.0   # the first of them
    acked_by: int = 0       # which node's


class Event(NamedTuple):
    conversation: str
    seq: int
    type: str
    what: str           # what makes two events the same one: see event_of()


class Message(NamedTuple):
    id: str
    seq: int
    sender: str
    text: str
    key: str


class Delivery(NamedTuple):
    event: Event
    session: int        # the device's connection number
    live: bool          # False: it was missed, and came before `synced`
    at: float = 0.0


@dataclasses.dataclass
class Device:
    """A listener that keeps its cursor. `floors`: the first seq of each conversation that it must have received."""
    name: str
    user: str
    floors: dict[str, int] = dataclasses.field(default_factory=dict)
    born: float | None = None   # of a device that came later: it must have what was sent after this
    deliveries: list[Delivery] = dataclasses.field(default_factory=list)


class Read(NamedTuple):
    """An acknowledged message.read."""
    user: str
    conversation: str
    seq: int


class Count(NamedTuple):
    """An unread count, and who says so."""
    user: str
    conversation: str
    source: str
    unread: int
    read_seq: int | None = None


class Change(NamedTuple):
    """An acknowledged change of membership, in the order in which they were asked for."""
    conversation: str
    user: str
    present: bool
    asked: float = 0.0      # before the first try
    answered: float = 0.0


@dataclasses.dataclass
class Evidence:
    members: dict[str, set[str]] = dataclasses.field(default_factory=dict)   # by conversation, at its creation
    sends: list[Send] = dataclasses.field(default_factory=list)              # in the order of each sender's decisions
    reads: list[Read] = dataclasses.field(default_factory=list)
    changes: list[Change] = dataclasses.field(default_factory=list)
    devices: list[Device] = dataclasses.field(default_factory=list)
    logs: dict[str, list[Event]] = dataclasses.field(default_factory=dict)   # by conversation, as its owner reads it
    histories: dict[tuple[str, str], list[Message]] = dataclasses.field(default_factory=dict)  # (conversation, how it was read)
    counts: list[Count] = dataclasses.field(default_factory=list)
    complaints: list[Violation] = dataclasses.field(default_factory=list)    # what clients noticed themselves

    def complain(self, kind: str, what: str) -> None:
        self.complaints.append(Violation(kind, what))


def message_of(doc: dict[str, Any]) -> Message:
    return Message(doc["id"], doc["seq"], doc["sender_id"], doc.get("text", ""), doc.get("client_id", ""))


def event_of(frame: dict[str, Any]) -> Event:
    data = frame["data"]
    if frame["type"] == "message.created":
        what = f"{data['id']} of {data['sender_id']}: {data.get('text')}"
    else:
        what = str(data.get("user_id", ""))
    return Event(frame["conversation_id"], frame["seq"], frame["type"], what)


def messages_of(log: Iterable[Event]) -> list[Event]:
    return [event for event in log if event.type == "message.created"]
