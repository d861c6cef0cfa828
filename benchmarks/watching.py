"""Clocks and scales: how long stages take, and how much memory the processes of a run have."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from warehouse.progress import Progress, Task

MEBIBYTE = 1024 * 1024
INTERVAL_SECONDS = 0.5


@dataclass
class Clock:
    """How long something took; set when its context ends.

    Attributes:
        seconds: Seconds by the monotonic clock.
    """

    seconds: float = 0.0


@contextmanager
def seconds_of() -> Iterator[Clock]:
    """Measures what is done while the context is open."""
    clock = Clock()
    started = time.monotonic()
    try:
        yield clock
    finally:
        clock.seconds = time.monotonic() - started


@dataclass
class StageClock:
    """Passes progress on and keeps how long each task took.

    Attributes:
        shown: Who shows the progress.
        seconds: Title of a task to the seconds that it took, all tasks of one title together.
    """

    shown: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def task(self, title: str, *, total: int | None = None, unit: str = "rows") -> Iterator[Task]:
        """Shows a task and measures it."""
        with seconds_of() as clock, self.shown.task(title, total=total, unit=unit) as task:
            yield task
        self.seconds[title] = self.seconds.get(title, 0.0) + clock.seconds

    def note(self, text: str) -> None:
        """Passes a line on."""
        self.shown.note(text)


@dataclass
class MemoryWatch:
    """The most memory that this process and those it started had together.

    Shared pages count by share (the kernel's PSS), so that nothing counts twice.

    Attributes:
        peak_mib: Mebibytes.
    """

    peak_mib: int = 0

    @contextmanager
    def watching(self) -> Iterator[MemoryWatch]:
        """Watches while the context is open."""
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            ended.set()
            thread.join()

    def _watch(self, ended: threading.Event) -> None:
        while not ended.wait(INTERVAL_SECONDS):
            pids = _family(os.getpid())
            self.peak_mib = max(self.peak_mib, sum(map(_proportional_bytes, pids)) // MEBIBYTE)


def _family(pid: int) -> list[int]:
    """Finds a process and all that come of it; Postgres' own do not, they have left the family."""
    found = [pid]
    for parent in found:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                found += [int(child) for child in children.read_text().split()]
            except OSError:
                continue
    return found


def _proportional_bytes(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) * 1024
