"""Judges the evidence of a run against the promises of the native contract. Pure: no server, no clock.

Each check yields what is wrong; none of them stops at the first finding.
"""
from __future__ import annotations

import collections
import itertools
from typing import Iterable, Iterator, NamedTuple

from evidence import Change, Delivery, Device, Event, Evidence, Message, Read, Send, Violation, messages_of

KINDS = {
    "lost": "it was acknowledged, and is not there",
    "moved": "acknowledgements, or an acknowledgement and the history, contradict each other",
    "unanswered": "it was tried again and again, and never acknowledged",
    "duplicate": "it was sent once, and is there more than once",
    "invented": "it is there, and nobody sent it",
    "gap": "a conversation's seq is not 1, 2, 3 …",
    "order": "seq goes down, or messages of one connection have changed places",
    "missed": "a listener never received it",
    "repeated": "a listener received it more than once",
    "disorder": "a listener received it too late or too early",
    "disagree": "two views of the same thing differ",
    "leak": "somebody received it who was not a member",
    "unread": "an unread count, or a read pointer, is wrong",
    # by the clients and the harness, while it runs
    "refused": "an answer that the contract does not allow here",
    "stuck": "no answer, or no recovery, within its time",
    "died": "the server ended by itself",
}


ON_ITS_WAY = 2.0   # seconds that a frame may take from the server to the notes of a client


def check(evidence: Evidence) -> list[Violation]:
    checks = (logs_are_dense, histories_are_the_logs, what_was_acknowledged_is_there, nothing_is_there_twice,
              pipelines_kept_their_order, changes_of_members_are_there, devices_have_everything_once, counts_are_exact)
    return [*evidence.complaints, *itertools.chain.from_iterable(one(evidence) for one in checks)]


def logs_are_dense(evidence: Evidence) -> Iterator[Violation]:
    for conversation, log in evidence.logs.items():
        seqs = [event.seq for event in log]
        for before, after in zip([0, *seqs], seqs):
            if after <= before:
                yield Violation("order", f"the log of {conversation} goes from {before} to {after}")
            elif after != before + 1:
                yield Violation("gap", f"the log of {conversation} goes from {before} to {after}")


def histories_are_the_logs(evidence: Evidence) -> Iterator[Violation]:
    for (conversation, how), history in evidence.histories.items():
        seqs = [message.seq for message in history]
        if any(after <= before for before, after in zip(seqs, seqs[1:])):
            yield Violation("order", f"history of {conversation} ({how}) is not in the order of seq")
        of_log = {event.seq: event.what for event in messages_of(evidence.logs.get(conversation, []))}
        of_history = {message.seq: f"{message.id} of {message.sender}: {message.text}" for message in history}
        for seq in sorted(of_log.keys() | of_history.keys()):
            if of_log.get(seq) != of_history.get(seq):
                yield Violation("disagree", f"{conversation} {seq}: the log has {of_log.get(seq)!r}, "
                                            f"history ({how}) {of_history.get(seq)!r}")


def what_was_acknowledged_is_there(evidence: Evidence) -> Iterator[Violation]:
    places = {how: {message.text: message for message in history} for how, history in evidence.histories.items()}
    for send in evidence.sends:
        if not send.acks:
            yield Violation("unanswered", f"{send.key} in {send.conversation}, {len(send.tries)} tries")
            continue
        if len(set(send.acks)) > 1:
            yield Violation("moved", f"{send.key} was acknowledged as {sorted(set(send.acks))}")
        ack = send.acks[0]
        for (conversation, how), by_text in places.items():
            if conversation != send.conversation:
                continue
            message = by_text.get(send.text)
            if message is None:
                yield Violation("lost", f"{send.key}, acknowledged as {ack.seq} of {conversation} (history {how})")
            elif (message.id, message.seq, message.sender) != (ack.id, ack.seq, send.sender):
                yield Violation("moved", f"{send.key} was acknowledged as {ack}, history ({how}) has {message}")


def nothing_is_there_twice(evidence: Evidence) -> Iterator[Violation]:
    sent: dict[tuple[str, str], Send] = {(send.conversation, send.text): send for send in evidence.sends}
    for (conversation, how), history in evidence.histories.items():
        for name, of in (("text", lambda m: m.text), ("id", lambda m: m.id), ("client_id", lambda m: (m.sender, m.key))):
            for value, messages in _repeats(history, of):
                if name != "client_id" or value[1]:
                    yield Violation("duplicate", f"{conversation} ({how}) has the {name} {value!r} at {[m.seq for m in messages]}")
        for message in history:
            if (conversation, message.text) not in sent:
                yield Violation("invented", f"{conversation} ({how}) has {message}")


def _repeats(history: list[Message], of) -> Iterator[tuple]:
    groups = collections.defaultdict(list)
    for message in history:
        groups[of(message)].append(message)
    return ((value, messages) for value, messages in groups.items() if len(messages) > 1)


def pipelines_kept_their_order(evidence: Evidence) -> Iterator[Violation]:
    """What one connection sent and did not have to send again stands in the order in which it was sent."""
    last: dict[tuple, Send] = {}
    for send in evidence.sends:
        if len(send.tries) != 1 or not send.acks:
            continue
        pipeline = (send.tries[0], send.conversation)
        before = last.get(pipeline)
        if before and before.acks[0].seq >= send.acks[0].seq:
            yield Violation("order", f"{before.key} was sent before {send.key}, but has {before.acks[0].seq} "
                                     f"and the later one {send.acks[0].seq} in {send.conversation}")
        last[pipeline] = send


def changes_of_members_are_there(evidence: Evidence) -> Iterator[Violation]:
    stays = memberships(evidence)
    final = {(change.conversation, change.user): change.present for change in evidence.changes}
    for (conversation, user), present in final.items():
        spans = stays[conversation].get(user, [])
        if bool(spans and spans[-1].end is None) != present:
            yield Violation("lost", f"{user} was {'added to' if present else 'removed from'} {conversation}, the log does not say so")


class Stay(NamedTuple):
    """A membership by seq, both ends included; no end: still there."""
    begin: int
    end: int | None

    def __contains__(self, seq: int) -> bool:
        return self.begin <= seq and (self.end is None or seq <= self.end)


def memberships(evidence: Evidence) -> dict[str, dict[str, list[Stay]]]:
    """Who was in which conversation when, as the logs have it."""
    stays: dict[str, dict[str, list[Stay]]] = {}
    for conversation, log in evidence.logs.items():
        of = stays[conversation] = {user: [Stay(1, None)] for user in evidence.members[conversation]}
        for event in log:
            spans = of.setdefault(event.what, []) if event.type.startswith("member.") else []
            is_in = bool(spans and spans[-1].end is None)
            if event.type == "member.added" and not is_in:
                spans.append(Stay(event.seq, None))
            elif event.type == "member.removed" and is_in:
                spans[-1] = Stay(spans[-1].begin, event.seq)
    return stays


# ---------------------------------------------------------------- listeners

def devices_have_everything_once(evidence: Evidence) -> Iterator[Violation]:
    stays = memberships(evidence)
    for device in evidence.devices:
        by_conversation = collections.defaultdict(list)
        for delivery in device.deliveries:
            by_conversation[delivery.event.conversation].append(delivery)
        for conversation in by_conversation.keys() - evidence.logs.keys():
            yield Violation("invented", f"{device.name} received events of {conversation}")
        for conversation, log in evidence.logs.items():
            got = by_conversation[conversation]
            spans = stays[conversation].get(device.user, [])
            yield from _once_and_in_order(device, conversation, got)
            changes = [one for one in evidence.changes if (one.conversation, one.user) == (conversation, device.user)]
            yield from _as_in_the_log(device, log, got, spans, changes)
            yield from _nothing_missing(device, log, got, spans, _floor(device, conversation, evidence))


def _once_and_in_order(device: Device, conversation: str, got: list[Delivery]) -> Iterator[Violation]:
    seen: set[int] = set()
    highest = 0
    for delivery in got:
        seq = delivery.event.seq
        if seq in seen:
            yield Violation("repeated", f"{device.name}: {conversation} {seq}, again in session {delivery.session}")
        elif seq < highest:
            yield Violation("disorder", f"{device.name}: {conversation} {seq} after {highest}, in session {delivery.session}")
        seen.add(seq)
        highest = max(highest, seq)


def _as_in_the_log(device: Device, log: list[Event], got: list[Delivery], spans: list[Stay],
                   changes: list[Change]) -> Iterator[Violation]:
    by_seq = {event.seq: event for event in log}
    for number, delivery in enumerate(got):
        event = delivery.event
        if by_seq.get(event.seq) != event:
            yield Violation("disagree", f"{device.name} received {event}, the log has {by_seq.get(event.seq)}")
        elif not any(event.seq in span for span in spans) and not _was_back_when_resuming(delivery, got[number:], spans, changes):
            yield Violation("leak", f"{device.name} received {event.conversation} {event.seq} {'live' if delivery.live else 'in a resume'} "
                                    f"at {delivery.at:.3f}, before {_next_after(got[number:], delivery)}, but {device.user} was a member "
                                    f"only in {_around(event.seq, spans)}, by the clock in {_times_there(changes)}")


def _was_back_when_resuming(delivery: Delivery, later: list[Delivery], spans: list[Stay], changes: list[Change]) -> bool:
    """Who joins again may read what was before. So a device that comes back only then, with a cursor from before, may be
    given the events of its user's absence, too: never live, and before the member.added. Where it was cut off in between,
    that never came in this connection; then the times say whether its user was back."""
    seq = delivery.event.seq
    back = next((span for span in spans if span.begin > seq), None)
    if back is None or delivery.live or not any(span.end and span.end < seq for span in spans):
        return False
    following = next((one for one in later if one.event.seq >= back.begin and one.session == delivery.session), None)
    if following:
        return not following.live
    return any(came <= delivery.at <= went + ON_ITS_WAY for came, went in _times_there(changes)[spans.index(back):])


def _next_after(later: list[Delivery], delivery: Delivery) -> str:
    """For the eye of whoever looks for the fault."""
    one = next((one for one in later if one.event.seq > delivery.event.seq + 1 or one.session != delivery.session), None)
    return f"{one.event.seq} {'live' if one.live else 'in a resume'}, {'same' if one.session == delivery.session else 'other'} connection" if one else "nothing"


def _around(seq: int, spans: list[Stay]) -> list[Stay]:
    before = [span for span in spans if span.begin <= seq]
    return spans[max(len(before) - 1, 0):len(before) + 1]


def _times_there(changes: list[Change]) -> list[tuple[float, float]]:
    """Of each membership: from when on it may have been, and until when. They are added and removed in turn."""
    came = [change.asked for change in changes if change.present]
    went = [change.answered for change in changes if not change.present]
    return list(itertools.zip_longest(came, went, fillvalue=float("inf")))


def _floor(device: Device, conversation: str, evidence: Evidence) -> int:
    """The first seq that the device must have; what came before it may have received, too."""
    if device.born is None:
        return device.floors.get(conversation, 1)
    later = (send.acks[0].seq for send in evidence.sends
             if send.acks and send.conversation == conversation and send.born > device.born)
    return min(later, default=len(evidence.logs[conversation]) + 1)


def _nothing_missing(device: Device, log: list[Event], got: list[Delivery], spans: list[Stay],
                     floor: int) -> Iterator[Violation]:
    have = {delivery.event.seq for delivery in got}
    first = min([floor, *have])   # from the first on that it has received there is no gap
    for span in spans:
        missing = [event.seq for event in log if event.seq in span and event.seq >= first and event.seq not in have]
        if missing and not (span.end and _was_away_when_removed(span, missing, got, spans)):
            yield Violation("missed", f"{device.name}: {log[0].conversation} {_ranges(missing)}")


def _was_away_when_removed(span: Stay, missing: list[int], got: list[Delivery], spans: list[Stay]) -> bool:
    """Who was away when they were removed gets only the member.removed when they resume, and not even that if they
    have been added again meanwhile. Before they went away nothing may be missing."""
    upto = span.end if span.end in missing else span.end - 1
    if missing != list(range(missing[0], upto + 1)):
        return False
    later = [delivery for delivery in got if delivery.event.seq >= span.end]
    # What they got next was waiting for them when they came back; had they been there, they had got it live.
    return bool(later) and not later[0].live


def _ranges(seqs: Iterable[int]) -> str:
    groups = itertools.groupby(enumerate(seqs), lambda pair: pair[1] - pair[0])
    runs = [[seq for _, seq in group] for _, group in groups]
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


# ---------------------------------------------------------------- unread

def counts_are_exact(evidence: Evidence) -> Iterator[Violation]:
    stays = memberships(evidence)
    furthest: dict[tuple[str, str], int] = collections.defaultdict(int)
    for read in evidence.reads:
        furthest[read.user, read.conversation] = max(furthest[read.user, read.conversation], read.seq)
    for count in evidence.counts:
        spans = stays[count.conversation].get(count.user, [])
        if not spans or spans[-1].end is not None:
            yield Violation("leak", f"{count.source} counts {count.conversation} for {count.user}, who is not in it")
            continue
        # Who joins has read everything before.
        pointer = max(furthest[count.user, count.conversation], spans[-1].begin)
        wanted = others_after(evidence, count.conversation, count.user, pointer)
        if count.unread != wanted:
            yield Violation("unread", f"{count.source}: {count.user} has {count.unread} unread in {count.conversation}, "
                                      f"but {wanted} of others after {pointer}")
        if count.read_seq is not None and others_after(evidence, count.conversation, count.user, count.read_seq) != wanted:
            yield Violation("unread", f"{count.source}: {count.user} has read {count.conversation} up to {count.read_seq}, not {pointer}")


def others_after(evidence: Evidence, conversation: str, user: str, pointer: int) -> int:
    """Counted again from history. All ways of reading it agree, or another check says so."""
    history = next(history for (of, _), history in evidence.histories.items() if of == conversation)
    return sum(1 for message in history if message.seq > pointer and message.sender != user)
