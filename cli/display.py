"""What the command shows: progress bars with counts and rates, and plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Task as RichTask
from rich.text import Text

# The streams of the start of the program: a step may send its own output elsewhere meanwhile.
# In a file or a pipe, a line is as wide as the widest table, so that nothing is wrapped.
_width = None if sys.stdout.isatty() else 110
console = Console(highlight=False, file=sys.stdout, width=_width)
errors = Console(highlight=False, file=sys.stderr)


class CountColumn(ProgressColumn):
    """Units done, out of how many, and how many a second."""

    def render(self, task: RichTask) -> Text:
        """Renders `335,120 of 1,000,000 events, 91,000/s`."""
        return Text(_counted(int(task.completed), task.total, task.fields["unit"], task.elapsed))


def _counted(done: int, total: float | None, unit: str, elapsed: float | None) -> str:
    out_of = f" of {int(total):,}" if total and int(total) != done else ""
    rate = f", {int(done / elapsed):,}/s" if elapsed and elapsed > 0.5 and done > 20 else ""
    return f"{done:,}{out_of} {unit}{rate}" if done or total else ""


class _ShownTask:
    def __init__(self, progress: Progress | None, task: TaskID | None) -> None:
        self.done = 0
        self.total: int | None = None
        self._progress = progress
        self._task = task

    def advance(self, units: int) -> None:
        """Counts `units` more units as done."""
        self.done += units
        if self._progress is not None and self._task is not None:
            self._progress.advance(self._task, units)

    def set_total(self, units: int) -> None:
        """States how many units there are in all."""
        self.total = units
        if self._progress is not None and self._task is not None:
            self._progress.update(self._task, total=units)


class TerminalProgress:
    """Shows tasks: live bars on a terminal, one line at the end of each task elsewhere."""

    def __init__(self) -> None:
        self._open = 0

    @contextmanager
    def task(
        self, title: str, *, total: int | None = None, unit: str = "rows"
    ) -> Iterator[_ShownTask]:
        """Shows one task while the context is open, and its line when it is done."""
        started = time.monotonic()
        self._open += 1
        try:
            if console.is_terminal and self._open == 1:
                with self._bars() as bars:
                    shown = _ShownTask(bars, bars.add_task(title, total=total, unit=unit))
                    yield shown
            else:
                shown = _ShownTask(None, None)
                yield shown
        finally:
            self._open -= 1
        elapsed = time.monotonic() - started
        counted = _counted(shown.done, None, unit, elapsed)
        console.print(f"  [green]✓[/] {title:<34} {counted:<32} {elapsed:5.1f} s")

    def note(self, text: str) -> None:
        """Prints one line."""
        console.print(f"    [dim]{text}[/]")

    @staticmethod
    def _bars() -> Progress:
        return Progress(
            SpinnerColumn(),
            TextColumn("{task.description:<34}"),
            BarColumn(bar_width=24),
            CountColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
