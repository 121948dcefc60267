"""A wire with two ends, each a tap device: what comes in at one goes out at the other, some time later, in its order.

    slow_wire.py TAP TAP LEAST MOST     seconds; says "ready", ends with its standard input

For links.py, where the kernel has no netem. Frames are moved, not streams: handshakes and resets are late, too.
"""
from __future__ import annotations

import collections
import fcntl
import os
import random
import select
import struct
import sys
import time

TUNSETIFF, IFF_TAP, IFF_NO_PI = 0x400454CA, 0x0002, 0x1000
FRAME_MAX = 65536
WAITING_MAX = 20_000   # frames; beyond it they are lost, as on a real wire


def tap(name: str) -> int:
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI))
    return device


def carry(ends: tuple[int, int], least: float, most: float) -> None:
    other = {ends[0]: ends[1], ends[1]: ends[0]}
    waiting: dict[int, collections.deque] = {end: collections.deque() for end in ends}   # by where they go, with their time
    while True:
        due = min((queue[0][0] for queue in waiting.values() if queue), default=None)
        patience = None if due is None else max(0.0, due - time.monotonic())
        readable, _, _ = select.select([*ends, sys.stdin], [], [], patience)
        if sys.stdin in readable:
            return
        now = time.monotonic()
        for end in readable:
            queue = waiting[other[end]]
            for frame in frames_at(end):
                if len(queue) < WAITING_MAX:
                    queue.append((max(now + random.uniform(least, most), queue[-1][0] if queue else 0), frame))
        for end, queue in waiting.items():
            while queue and queue[0][0] <= now:
                put(end, queue.popleft()[1])


def frames_at(end: int):
    while True:
        try:
            yield os.read(end, FRAME_MAX)
        except OSError:   # nothing more, or the device is down
            return


def put(end: int, frame: bytes) -> None:
    try:
        os.write(end, frame)
    except OSError:
        pass   # lost, as on a real wire


if __name__ == "__main__":
    both = tap(sys.argv[1]), tap(sys.argv[2])
    print("ready", flush=True)
    carry(both, float(sys.argv[3]), float(sys.argv[4]))
