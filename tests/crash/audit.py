"""Reads everything from the server at the end, in every way that it can be read."""
from __future__ import annotations

import asyncio

from checker import memberships, others_after
from evidence import Count, Delivery, Device, Evidence, Message, event_of, message_of
from listeners import Listener
from wire import Run
from world import World, until

LIVE_WITHIN = 4.0   # seconds without any event, after which nothing more is expected to come


async def audit(world: World) -> None:
    """After settle(). What the live listeners have is looked at first, then again after one more resume."""
    evidence = world.run.evidence
    await asyncio.gather(*(read_history(world, conversation) for conversation in world.conversations))
    await asyncio.gather(*(sync_from_the_beginning(world, user) for user in world.rest))
    for conversation in world.conversations:
        log_of(evidence, conversation.id, conversation.owner)
    await everything_came_live(world)
    count_locally(world, "as counted by")
    await world.resume_once_more()
    await counts_came_with_the_resume(world)
    await asyncio.gather(*(replay_from_the_beginning(world, user) for user in world.rest))
    await asyncio.gather(*(read_counts(world, user) for user in world.rest))


async def read_history(world: World, conversation) -> None:
    """Newest first by pages, oldest first by after_seq, and by somebody else."""
    owner, other = conversation.members[:2]
    path = f"/v1/conversations/{conversation.id}/messages"
    for user in (owner, other):
        newest_first = [message_of(doc) async for doc in world.rest[user].pages(path)]
        world.run.evidence.histories[conversation.id, f"of {user}, newest first"] = newest_first[::-1]
    oldest_first: list[Message] = []
    while True:
        page = await world.rest[owner].get(path, limit=200, after_seq=oldest_first[-1].seq if oldest_first else 0)
        oldest_first += [message_of(doc) for doc in page["items"]]
        if not page["items"]:
            break
    world.run.evidence.histories[conversation.id, f"of {owner}, oldest first"] = oldest_first


async def sync_from_the_beginning(world: World, user: str) -> None:
    device = Device(f"{user}/sync", user)
    cursor = world.first_cursors[user]
    while True:
        page = await world.rest[user].get("/v1/sync", cursor=cursor, limit=200)
        device.deliveries += [Delivery(event_of(frame), 1, live=False) for frame in page["events"]]
        cursor = page["cursor"]
        if not page["more"]:
            break
    world.run.evidence.devices.append(device)


def log_of(evidence: Evidence, conversation: str, owner: str) -> None:
    device = next(device for device in evidence.devices if device.name == f"{owner}/sync")
    evidence.logs[conversation] = [delivery.event for delivery in device.deliveries if delivery.event.conversation == conversation]


async def replay_from_the_beginning(world: World, user: str) -> None:
    """As sync, but as a resume over WebSocket."""
    listener = Listener(world.run, f"{user}/replay", user, cursor=world.first_cursors[user])
    listener.steady = True
    task = asyncio.create_task(listener.stay_connected())
    if not await until(lambda: listener.synced > 0, 60):
        world.run.evidence.complain("stuck", f"{listener.name}: no synced within 60 s")
    listener.closing.set()
    await task


async def everything_came_live(world: World) -> None:
    """Nobody has to reconnect to receive what is there."""
    stays = memberships(world.run.evidence)
    ends = {(user, conversation): spans[-1].end or world.run.evidence.logs[conversation][-1].seq
            for conversation, of in stays.items() for user, spans in of.items()}

    def behind() -> list[str]:
        return [f"{one.name} has {one.highest.get(conversation, 0)} of {end} of {conversation}"
                for one in world.listeners for (user, conversation), end in ends.items()
                if one.user == user and one.device.born is None and one.highest.get(conversation, 0) < end and end > 1]

    def received() -> int:
        return sum(len(one.device.deliveries) for one in world.listeners)

    before = -1
    while behind() and before != received():   # as long as something comes
        before = received()
        await until(lambda: not behind(), LIVE_WITHIN)
    if behind():
        world.run.evidence.complain("missed", f"live, {LIVE_WITHIN:g} s after everything else: {'; '.join(behind()[:5])}")


def expected_counts(world: World, user: str) -> dict[str, int]:
    """For the message and the error text only; the checker counts again, with the read pointers."""
    evidence = world.run.evidence
    stays = memberships(evidence)
    counts = {}
    for conversation, of in stays.items():
        if user in of and of[user][-1].end is None:
            read = max((read.seq for read in evidence.reads if (read.user, read.conversation) == (user, conversation)), default=0)
            counts[conversation] = others_after(evidence, conversation, user, max(read, of[user][-1].begin))
    return counts


def count_locally(world: World, words: str) -> None:
    """A device that reads is told by the answer to its reading; the others count as the contract says a client does."""
    for one in world.listeners:
        if one.reads == 0 and one.device.born is None:
            world.run.evidence.counts += [Count(one.user, conversation, f"{words} {one.name}", one.unread[conversation])
                                           for conversation in expected_counts(world, one.user)]


async def counts_came_with_the_resume(world: World) -> None:
    """unread.updated comes for each conversation whose count is not 0."""
    expected = {user: {where: count for where, count in expected_counts(world, user).items() if count} for user in world.rest}
    await until(lambda: all(expected[one.user].items() <= one.unread_said.items() for one in world.listeners), 3)
    for one in world.listeners:
        world.run.evidence.counts += [Count(one.user, where, f"unread.updated after the resume of {one.name}", one.unread_said.get(where, 0))
                                       for where in expected[one.user].keys() | one.unread_said.keys()]


async def read_counts(world: World, user: str) -> None:
    evidence = world.run.evidence
    async for item in world.rest[user].pages("/v1/conversations"):
        evidence.counts.append(Count(user, item["id"], "the list", item["unread_count"], item["read_seq"]))
        one = await world.rest[user].get(f"/v1/conversations/{item['id']}")
        evidence.counts.append(Count(user, item["id"], "the conversation", one["unread_count"], one["read_seq"]))
        if one["last_seq"] != len(evidence.logs[item["id"]]):
            evidence.complain("gap", f"{item['id']} says last_seq {one['last_seq']}, its log has {len(evidence.logs[item['id']])} events")
