"""Machines with links between them that can be cut and slowed down, on this one: network namespaces, joined by bridges.

    with links.Links({"store": ["node1", "node2", "store"], "clients": ["node1", "node2"]}) as net:
        services.Postgres(place=net.place("store", "store"))     whoever runs the test is on every network, too
        net.cut("node1", "store")      silence in both directions: no reset, no "unreachable"
        net.heal("node1", "store")
        net.slow("node1", "store")     each frame 20 to 300 ms later, in each direction, until heal()

Needs root. Everything has the process id of its maker in its name; what an earlier, killed run has left is removed.
"""
from __future__ import annotations

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

from services import Failed, Place

PREFIX = "ply"
LEAST, MOST = 0.02, 0.3     # seconds of a slow link, each way
OFF, ON = 0, 3              # states of a bridge's port
RANGE = "198.18"            # kept for measurements between networks (RFC 2544): nobody has it at home
SLOW_WIRE = pathlib.Path(__file__).resolve().parent / "slow_wire.py"


class Links:
    """`networks`: who is on each. Every machine has a device of the network's name in it."""

    def __init__(self, networks: dict[str, list[str]]):
        self.networks = networks
        self.machines = list(dict.fromkeys(machine for all_ in networks.values() for machine in all_))
        self.delays_by = ""      # how a link is made slow: said by the tests, for it is not the same everywhere
        self._name = f"{PREFIX}{os.getpid()}"
        self._wires: dict[tuple[str, str], subprocess.Popen | None] = {}   # slow links; without a process: by netem

    # ---- names and addresses

    def place(self, machine: str, network: str) -> Place:
        return Place(self._address(machine, network), ["ip", "netns", "exec", self._space(machine)])

    def _space(self, machine: str) -> str:
        return f"{self._name}-{machine}"

    def _bridge(self, network: str) -> str:
        return f"{self._name}-{self._number(network)}"

    def _port(self, machine: str, network: str) -> str:
        """The end of a machine's cable that is in the bridge."""
        return f"{self._name}-{self._number(network)}{self.machines.index(machine)}"

    def _number(self, network: str) -> int:
        return list(self.networks).index(network)

    def _address(self, machine: str | None, network: str) -> str:
        """No machine: this one."""
        host = 1 if machine is None else 2 + self.machines.index(machine)
        return f"{RANGE}.{self._third}.{64 * self._number(network) + host}"

    def _hardware(self, address: str) -> str:
        return "02:00:" + ":".join(f"{int(part):02x}" for part in address.split("."))

    # ---- building and removing

    def __enter__(self) -> "Links":
        if os.geteuid() != 0:
            raise Failed("cutting links needs root (network namespaces, bridges)")
        for tool in ("ip", "bridge", "tc"):
            if not shutil.which(tool):
                raise Failed(f"{tool} is not installed (package iproute2)")
        remove_leftovers()
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_) -> None:
        for machine, network in list(self._wires):
            self._stop_wire(machine, network)
        remove(self._name)

    def _build(self) -> None:
        self._third = self._free_range()
        for machine in self.machines:
            _ip(f"netns add {self._space(machine)}")
            _ip("link set lo up", space=self._space(machine))
        for network, machines in self.networks.items():
            bridge, here = self._bridge(network), self._address(None, network)
            _ip(f"link add {bridge} address {self._hardware(here)} type bridge", f"addr add {here}/26 dev {bridge}",
                f"link set {bridge} up")
            for machine in machines:
                self._plug_in(machine, network)
            self._introduce(network)
        self.delays_by = self._find_delays()

    def _free_range(self) -> int:
        taken = subprocess.run(["ip", "-4", "route", "show", "table", "all"], capture_output=True, text=True, check=True).stdout
        for step in range(256):
            third = (os.getpid() + step) % 256
            if f"{RANGE}.{third}." not in taken:
                return third
        raise Failed(f"all of {RANGE}.0.0/16 is in use here")

    def _plug_in(self, machine: str, network: str) -> None:
        port, space, address = self._port(machine, network), self._space(machine), self._address(machine, network)
        _ip(f"link add {port} type veth peer name {network} address {self._hardware(address)} netns {space}",
            f"link set {port} master {self._bridge(network)} up")
        _ip(f"addr add {address}/26 dev {network}", f"link set {network} up", space=space)

    def _introduce(self, network: str) -> None:
        """Everybody knows everybody's hardware address: else the kernel would notice a cut after three seconds, by asking
        in vain, and say so; a machine behind a router learns of nothing."""
        everybody = [self._address(machine, network) for machine in (None, *self.networks[network])]
        for machine in (None, *self.networks[network]):
            device = self._bridge(network) if machine is None else network
            _ip(*[f"neigh replace {other} lladdr {self._hardware(other)} nud permanent dev {device}"
                  for other in everybody if other != self._address(machine, network)], space=machine and self._space(machine))

    # ---- what can be done to a link

    def cut(self, machine: str, network: str) -> None:
        self._switch(machine, network, OFF)

    def heal(self, machine: str, network: str) -> None:
        if (machine, network) in self._wires:
            self._stop_wire(machine, network)
        self._switch(machine, network, ON)

    def slow(self, machine: str, network: str, least: float = LEAST, most: float = MOST) -> None:
        if self.delays_by.startswith("tc"):
            self._wires[machine, network] = None
            _netem(self._port(machine, network), least, most)
            _netem(network, least, most, self._space(machine))
            return
        ends = [f"{self._port(machine, network)}{end}" for end in "ab"]
        wire = subprocess.Popen([sys.executable, SLOW_WIRE, *ends, str(least), str(most)], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, start_new_session=True)
        self._wires[machine, network] = wire
        if wire.stdout.readline() != b"ready\n":
            raise Failed("a slow wire did not start")
        port, side = self._port(machine, network), f"{self._port(machine, network)}s"
        _ip(f"link add {side} type bridge", f"link set {side} up", f"link set {ends[0]} master {side} up",
            f"link set {ends[1]} master {self._bridge(network)} up", f"link set {port} master {side}")

    def _stop_wire(self, machine: str, network: str) -> None:
        wire, port = self._wires.pop((machine, network)), self._port(machine, network)
        if wire is None:
            subprocess.run(["tc", "qdisc", "del", "dev", port, "root"], capture_output=True)
            subprocess.run(["tc", "-n", self._space(machine), "qdisc", "del", "dev", network, "root"], capture_output=True)
            return
        subprocess.run(["ip", "link", "set", port, "master", self._bridge(network)], capture_output=True)
        wire.stdin.close()   # its devices go with it
        wire.stdout.close()
        try:
            wire.wait(timeout=5)
        except subprocess.TimeoutExpired:
            wire.kill()
            wire.wait()
        subprocess.run(["ip", "link", "del", f"{port}s"], capture_output=True)

    def _switch(self, machine: str, network: str, state: int) -> None:
        _run(["bridge", "link", "set", "dev", self._port(machine, network), "state", str(state)])

    def _find_delays(self) -> str:
        network = next(iter(self.networks))
        port = self._port(self.networks[network][0], network)
        if subprocess.run(["tc", "qdisc", "add", "dev", port, "root", "netem", "delay", "1ms"], capture_output=True).returncode == 0:
            _run(["tc", "qdisc", "del", "dev", port, "root"])
            return "tc netem"
        if not os.path.exists("/dev/net/tun"):
            raise Failed("links can't be made slow here: neither tc netem nor /dev/net/tun is there")
        return "a process that moves frames between two taps (tc netem is not in this kernel)"


def _netem(device: str, least: float, most: float, space: str | None = None) -> None:
    middle, around = 500 * (least + most), 500 * (most - least)
    _run(["tc", *(["-n", space] if space else []), "qdisc", "add", "dev", device, "root", "netem",
          "delay", f"{middle:g}ms", f"{around:g}ms"])


def _ip(*lines: str, space: str | None = None) -> None:
    _run(["ip", *(["-n", space] if space else []), "-batch", "-"], "\n".join(lines))


def _run(words: list[str], said: str | None = None) -> None:
    done = subprocess.run(words, input=said, capture_output=True, text=True, timeout=30)
    if done.returncode != 0:
        raise Failed(f"{' '.join(words)}: {done.stderr.strip()}\n{said or ''}")


# ---------------------------------------------------------------- what is there, by name

def _there() -> tuple[set[str], set[str]]:
    """Namespaces and devices of any run."""
    spaces = {entry.name for entry in pathlib.Path("/run/netns").glob(f"{PREFIX}*")}
    devices = {entry.name for entry in pathlib.Path("/sys/class/net").glob(f"{PREFIX}*")}
    return spaces, devices


def remove(name: str) -> None:
    spaces, devices = _there()
    for space in (space for space in spaces if space.startswith(f"{name}-")):
        for process in subprocess.run(["ip", "netns", "pids", space], capture_output=True, text=True).stdout.split():
            try:
                os.kill(int(process), signal.SIGKILL)   # nobody but ours is in there
            except ProcessLookupError:
                pass
        subprocess.run(["ip", "netns", "del", space], capture_output=True)
    for device in (device for device in devices if device.startswith(f"{name}-")):
        subprocess.run(["ip", "link", "del", device], capture_output=True)   # the other end may have taken it along


def remove_leftovers() -> None:
    for name in {match[0] for one in set.union(*_there()) if (match := re.match(rf"{PREFIX}(\d+)(?=-)", one))}:
        if not os.path.exists(f"/proc/{name.removeprefix(PREFIX)}"):
            remove(name)
