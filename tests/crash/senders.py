"""Those who write: each message that they have decided to send is tried, with the same client_id, until it is acknowledged."""
from __future__ import annotations

import asyncio
import time
from typing import Any

from evidence import Ack, Send
from wire import ANSWER_WITHIN, TRY_AGAIN, Client, Rest, Run

ALPHABET = "abcdefghijklmnopqrstuvwxyz 0123456789 äöü 今天 👋 \"\\\n\t<&>"


class Decisions:
    """Makes up messages. Texts are never the same twice, have all lengths, and characters that like to be mangled."""

    def __init__(self, run: Run, name: str, user: str, conversations: list[str]):
        self.run, self.name, self.user, self.conversations = run, name, user, conversations
        self.chance = run.chance(f"{name}/texts")
        self.made = 0

    def next(self) -> Send:
        self.made += 1
        filler = "".join(self.chance.choices(ALPHABET, k=self.chance.choice([0, 5, 40, 400])))
        send = Send(key=f"{self.name}-{self.made}", sender=self.user, conversation=self.chance.choice(self.conversations),
                    text=f"{self.name} {self.made} {filler}.", born=time.monotonic())
        self.run.evidence.sends.append(send)
        self.run.count("messages")
        return send


def acknowledge(run: Run, send: Send, data: dict[str, Any], node: int) -> None:
    if not send.acks:
        send.acked_at, send.acked_by = time.monotonic(), node
    send.acks.append(Ack(data["id"], data["seq"]))
    run.count("acknowledged after a retry" if len(send.tries) > 1 else "acknowledged at once")


class WindowSender(Client):
    """Over WebSocket, several on their way at once."""

    def __init__(self, run: Run, name: str, user: str, conversations: list[str]):
        super().__init__(run, name, user)
        self.decisions = Decisions(run, name, user, conversations)
        self.window = self.chance.randint(4, 12)
        self.unacknowledged: dict[str, Send] = {}
        self.again_at: dict[str, float] = {}     # what the server could not take just now
        self.acknowledged: list[Send] = []

    def finished(self) -> bool:
        return self.run.stopping.is_set() and not self.unacknowledged

    async def act(self) -> None:
        self.again_at.clear()
        for send in list(self.unacknowledged.values()):
            await self._try(send)
        lifetime = time.monotonic() + (self.chance.uniform(0.1, 2.5) if self.chance.random() < 0.4 else 600)
        while not self.finished() and time.monotonic() < lifetime and not self.waits_too_long():
            for send in [self.unacknowledged[key] for key, at in list(self.again_at.items()) if at < time.monotonic()]:
                await self._try(send)
            if not self.run.stopping.is_set():
                await self._send_some()
            await asyncio.sleep(self.chance.uniform(0.01, 0.15))

    async def _send_some(self) -> None:
        room = self.window - len(self.unacknowledged)
        for _ in range(self.chance.randint(0, room) if room > 0 else 0):
            send = self.decisions.next()
            self.unacknowledged[send.key] = send
            await self._try(send)
        if self.acknowledged and self.chance.random() < 0.05:
            # A client that forgot its answer: the first one is given again, also when it is a crash older.
            await self._try(self.chance.choice(self.acknowledged))

    async def _try(self, send: Send) -> None:
        self.again_at.pop(send.key, None)
        send.tries.append(self.connection)
        await self.say("message.send", {"conversation_id": send.conversation, "text": send.text, "client_id": send.key}, send)

    def answered(self, about: Send, data: dict[str, Any]) -> None:
        acknowledge(self.run, about, data, self.doors.node)
        if self.unacknowledged.pop(about.key, None):
            self.acknowledged.append(about)
        self.again_at.pop(about.key, None)

    def refused(self, about: Send, error: dict[str, Any]) -> None:
        if error["code"] in TRY_AGAIN and about != "hello":
            if about.key in self.unacknowledged:
                self.again_at[about.key] = time.monotonic() + self.chance.uniform(0.05, 0.3)
            return
        self.run.evidence.complain("refused", f"{self.name}: {about if about == 'hello' else about.key}: {error}")
        if about != "hello":
            self.unacknowledged.pop(about.key, None)


class RestSender:
    """Over REST, one after the other; now and then it hangs up before the answer."""

    def __init__(self, run: Run, name: str, user: str, conversations: list[str]):
        self.run, self.name, self.user = run, name, user
        self.chance = run.chance(name)
        self.decisions = Decisions(run, name, user, conversations)

    async def stay_connected(self) -> None:
        async with Rest(self.run.doors, self.user, self.run.evidence) as rest:
            while not self.run.stopping.is_set():
                send = self.decisions.next()
                while not send.acks and not await self._try(rest, send):
                    await asyncio.sleep(self.chance.uniform(0.02, 0.15))
                if self.chance.random() < 0.05:
                    await self._try(rest, send)
                await asyncio.sleep(self.chance.uniform(0.02, 0.15))

    async def _try(self, rest: Rest, send: Send) -> bool:
        """True: there is nothing more to try."""
        send.tries.append(next(self.run.connections))
        patience = self.chance.uniform(0, 0.03) if self.chance.random() < 0.1 else 2 * ANSWER_WITHIN
        try:
            post = rest.once("POST", f"/v1/conversations/{send.conversation}/messages", json={"text": send.text, "client_id": send.key})
            answer = await asyncio.wait_for(post, patience)
        except asyncio.TimeoutError:
            return False
        if answer is None:
            return False
        if answer.status_code not in (200, 201):
            self.run.evidence.complain("refused", f"{self.name}: {send.key}: {answer.status_code} {answer.text}")
            return True
        acknowledge(self.run, send, answer.json(), rest.asked)
        return True
