"""The checker alone: it is content with a faultless run, and names each fault in one that is not."""
from __future__ import annotations

import copy
from typing import Callable

import pytest

from checker import KINDS, check, memberships, Stay
from evidence import Ack, Change, Count, Delivery, Device, Event, Evidence, Message, Read, Send, event_of

C = "c1"
MESSAGES = {2: "anna", 3: "ben", 5: "anna", 6: "anna", 8: "ben", 10: "ben"}
GUS = {4: "member.added", 7: "member.removed", 9: "member.added"}   # gus comes, goes and comes again


def faultless() -> Evidence:
    """anna and ben, and gus who is in from 4 to 7 and from 9 on; everybody has two devices, one of them often away."""
    e = Evidence(members={C: {"anna", "ben"}})
    log = [Event(C, 1, "conversation.created", "")]
    for seq in range(2, 11):
        if seq in GUS:
            log.append(Event(C, seq, GUS[seq], "gus"))
            continue
        sender, text = MESSAGES[seq], f"text {seq}"
        log.append(Event(C, seq, "message.created", f"m{seq} of {sender}: {text}"))
        e.sends.append(Send(f"{sender}-{seq}", sender, C, text, born=seq, tries=[len(sender)], acks=[Ack(f"m{seq}", seq)]))
    e.logs[C] = log
    history = [Message(f"m{seq}", seq, sender, f"text {seq}", f"{sender}-{seq}") for seq, sender in MESSAGES.items()]
    e.histories = {(C, "newest first"): history, (C, "oldest first"): list(history)}
    for user in ("anna", "ben"):
        e.devices.append(Device(f"{user}/live", user, {C: 1}, None, [Delivery(event, 1, True) for event in log]))
        e.devices.append(Device(f"{user}/away", user, {C: 3}, None,
                                [Delivery(event, event.seq // 3, event.seq % 3 != 0) for event in log[2:]]))
    e.devices.append(Device("gus/live", "gus", {}, None, deliver(log, {4, 5, 6, 7, 9, 10})))
    e.devices.append(Device("gus/away", "gus", {}, None, [Delivery(log[3], 1, True), *deliver(log, {7, 9, 10}, live=False)]))
    e.devices.append(Device("ben/late", "ben", {}, 5.5, deliver(log, {6, 7, 8, 9, 10})))
    e.reads = [Read("anna", C, 3), Read("anna", C, 2), Read("ben", C, 10), Read("gus", C, 5)]
    e.changes = [Change(C, "gus", True), Change(C, "gus", False), Change(C, "gus", True)]
    e.counts = [Count("anna", C, "list", 2, 3), Count("ben", C, "list", 0, 10), Count("gus", C, "list", 1, 9)]
    return e


def deliver(log: list[Event], seqs: set[int], live: bool = True) -> list[Delivery]:
    return [Delivery(event, 2, live) for event in log if event.seq in seqs]


def test_a_faultless_run_has_no_violation():
    assert check(faultless()) == []


def test_membership_is_read_from_the_log():
    assert memberships(faultless())[C]["gus"] == [Stay(4, 7), Stay(9, None)]


def device(e: Evidence, name: str) -> Device:
    return next(d for d in e.devices if d.name == name)


def forget_delivery(e: Evidence, name: str, seq: int) -> None:
    d = device(e, name)
    d.deliveries = [delivery for delivery in d.deliveries if delivery.event.seq != seq]


def lose_a_message(e: Evidence) -> None:
    e.logs[C].pop()
    for history in e.histories.values():
        history.pop()


def move_a_message(e: Evidence) -> None:
    e.sends[0].acks = [Ack("m2", 3)]


def two_acknowledgements(e: Evidence) -> None:
    e.sends[0].acks.append(Ack("m99", 99))


def never_acknowledged(e: Evidence) -> None:
    e.sends[0].acks = []


def a_second_copy(e: Evidence) -> None:
    e.logs[C].append(Event(C, 11, "message.created", "m11 of ben: text 10"))
    for history in e.histories.values():
        history.append(Message("m11", 11, "ben", "text 10", "ben-10~2"))


def the_same_client_id(e: Evidence) -> None:
    for history in e.histories.values():
        history[0] = history[0]._replace(key="anna-5")


def a_stranger(e: Evidence) -> None:
    del e.sends[-1]


def a_gap(e: Evidence) -> None:
    del e.logs[C][4]


def a_log_that_goes_back(e: Evidence) -> None:
    log = e.logs[C]
    log[4], log[5] = log[5], log[4]


def a_history_out_of_order(e: Evidence) -> None:
    e.histories[C, "newest first"].reverse()


def a_pipeline_out_of_order(e: Evidence) -> None:
    e.sends.reverse()


def a_history_that_differs(e: Evidence) -> None:
    e.histories[C, "oldest first"].pop()


def a_listener_misses_the_last_event(e: Evidence) -> None:
    forget_delivery(e, "anna/live", 10)


def a_listener_misses_one_in_the_middle(e: Evidence) -> None:
    forget_delivery(e, "ben/away", 5)


def a_late_listener_misses_the_first_after_it_came(e: Evidence) -> None:
    forget_delivery(e, "ben/late", 6)


def a_present_member_misses_what_came_before_the_removal(e: Evidence) -> None:
    forget_delivery(e, "gus/live", 6)


def a_removed_member_is_not_told(e: Evidence) -> None:
    forget_delivery(e, "gus/live", 7)


def a_hole_before_the_absence_is_no_absence(e: Evidence) -> None:
    forget_delivery(e, "gus/away", 4)
    device(e, "gus/away").deliveries.insert(0, Delivery(e.logs[C][4], 1, True))


def a_listener_receives_twice(e: Evidence) -> None:
    device(e, "anna/away").deliveries.append(device(e, "anna/away").deliveries[-1])


def a_listener_receives_too_late(e: Evidence) -> None:
    deliveries = device(e, "anna/live").deliveries
    deliveries[3], deliveries[4] = deliveries[4], deliveries[3]


def a_listener_receives_something_else(e: Evidence) -> None:
    d = device(e, "anna/live")
    d.deliveries[1] = d.deliveries[1]._replace(event=d.deliveries[1].event._replace(what="m2 of anna: text 222"))


def a_removed_member_still_receives(e: Evidence) -> None:
    d = device(e, "gus/live")
    d.deliveries.insert(4, Delivery(e.logs[C][7], 2, True))


def a_removed_member_resumes_and_receives(e: Evidence) -> None:
    """And is added again only afterwards."""
    d = device(e, "gus/live")
    d.deliveries.insert(4, Delivery(e.logs[C][7], 2, False))


def an_unknown_conversation(e: Evidence) -> None:
    device(e, "anna/live").deliveries.append(Delivery(Event("c2", 1, "conversation.created", ""), 1, True))


def a_wrong_count(e: Evidence) -> None:
    e.counts[0] = e.counts[0]._replace(unread=3)


def a_read_pointer_that_went_back(e: Evidence) -> None:
    e.counts[1] = e.counts[1]._replace(read_seq=3)


def a_count_for_who_is_not_in(e: Evidence) -> None:
    e.counts.append(Count("hana", C, "list", 0))


def a_lost_change_of_members(e: Evidence) -> None:
    e.changes.append(Change(C, "gus", False))


def a_complaint_of_a_client(e: Evidence) -> None:
    e.complain("stuck", "no answer")


@pytest.mark.parametrize("fault, kind", [
    (lose_a_message, "lost"),
    (move_a_message, "moved"),
    (two_acknowledgements, "moved"),
    (never_acknowledged, "unanswered"),
    (a_second_copy, "duplicate"),
    (the_same_client_id, "duplicate"),
    (a_stranger, "invented"),
    (a_gap, "gap"),
    (a_log_that_goes_back, "order"),
    (a_history_out_of_order, "order"),
    (a_pipeline_out_of_order, "order"),
    (a_history_that_differs, "disagree"),
    (a_listener_misses_the_last_event, "missed"),
    (a_listener_misses_one_in_the_middle, "missed"),
    (a_late_listener_misses_the_first_after_it_came, "missed"),
    (a_present_member_misses_what_came_before_the_removal, "missed"),
    (a_removed_member_is_not_told, "missed"),
    (a_hole_before_the_absence_is_no_absence, "missed"),
    (a_listener_receives_twice, "repeated"),
    (a_listener_receives_too_late, "disorder"),
    (a_listener_receives_something_else, "disagree"),
    (a_removed_member_still_receives, "leak"),
    (a_removed_member_resumes_and_receives, "leak"),
    (an_unknown_conversation, "invented"),
    (a_wrong_count, "unread"),
    (a_read_pointer_that_went_back, "unread"),
    (a_count_for_who_is_not_in, "leak"),
    (a_lost_change_of_members, "lost"),
    (a_complaint_of_a_client, "stuck"),
], ids=lambda value: value.__name__ if callable(value) else value)
def test_each_fault_is_found(fault: Callable[[Evidence], None], kind: str):
    evidence = copy.deepcopy(faultless())
    fault(evidence)
    found = {violation.kind for violation in check(evidence)}
    assert kind in found and found <= KINDS.keys(), found


def test_who_was_away_when_removed_and_was_added_again_need_not_hear_of_it():
    evidence = faultless()
    forget_delivery(evidence, "gus/away", 7)
    assert check(evidence) == []


def test_who_comes_back_only_after_being_added_again_may_receive_what_was_meanwhile():
    evidence = faultless()
    device(evidence, "gus/away").deliveries.insert(2, Delivery(evidence.logs[C][7], 2, False))
    assert check(evidence) == []


# ---- a device that is cut off while it resumes over its user's absence: gus came at 10, went at 20, came at 30, went at 40

def cut_off_while_resuming(at: float, live: bool = False) -> Evidence:
    """It has had what was up to the removal, then one event of the absence, and no more in that connection."""
    evidence = faultless()
    evidence.changes = [Change(C, "gus", True, 9, 10), Change(C, "gus", False, 19, 20), Change(C, "gus", True, 29, 30)]
    log = evidence.logs[C]
    device(evidence, "gus/away").deliveries = [Delivery(log[3], 1, True), *deliver(log, {5, 6, 7}), Delivery(log[7], 3, live, at),
                                               *[Delivery(log[seq - 1], 4, False, at + 1) for seq in (9, 10)]]
    return evidence


@pytest.mark.parametrize("at", [29.5, 31, 1000])
def test_who_is_cut_off_while_resuming_after_being_added_again_was_given_nothing_wrong(at: float):
    assert check(cut_off_while_resuming(at)) == []


@pytest.mark.parametrize("at, live", [(23, False), (28.9, False), (31, True)])
def test_who_is_cut_off_while_resuming_before_being_added_again_was_given_what_is_not_theirs(at: float, live: bool):
    assert {violation.kind for violation in check(cut_off_while_resuming(at, live))} == {"leak"}


def test_who_was_removed_once_more_is_given_nothing_of_an_earlier_absence():
    evidence = cut_off_while_resuming(45)
    evidence.changes.append(Change(C, "gus", False, 39, 40))
    evidence.logs[C].append(Event(C, 11, "member.removed", "gus"))
    evidence.counts = [count for count in evidence.counts if count.user != "gus"]
    late = {violation for violation in check(evidence) if violation.kind == "leak"}
    assert len(late) == 1 and f"{C} 8 in a resume" in late.pop().what


def test_two_events_are_the_same_only_with_the_same_content():
    frame = {"type": "message.created", "conversation_id": C, "seq": 2, "cursor": "x",
             "data": {"id": "m2", "sender_id": "anna", "text": "text 2"}}
    other = copy.deepcopy(frame)
    other["data"]["text"] = "text 3"
    assert event_of(frame) == Event(C, 2, "message.created", "m2 of anna: text 2") != event_of(other)
