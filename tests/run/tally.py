"""Counts what passed and failed over all kinds of tests, and remembers what to show at the end."""
from __future__ import annotations

import dataclasses


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    expected: int = 0  # listed in not_yet.txt, and failed as listed
    failures: list[str] = dataclasses.field(default_factory=list)

    def fail(self, what: str) -> None:
        self.failed += 1
        self.failures.append(what)

    def add(self, other: "Tally") -> "Tally":
        self.passed += other.passed
        self.failed += other.failed
        self.expected += other.expected
        self.failures += other.failures
        return self

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed"

    def show(self) -> int:
        """The last lines of a run, and its exit code. A run that ran nothing has not passed."""
        if self.passed + self.failed == 0:
            self.fail("nothing was run")
        if self.failures:
            print("\nFailed:")
            for what in self.failures:
                print(f"  {what}")
        if self.expected:
            print(f"\n{self.expected} cases failed as listed in tests/acceptance_run/not_yet.txt")
        print(f"\n{self}", flush=True)
        return 1 if self.failed else 0
