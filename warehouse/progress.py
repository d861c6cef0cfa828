"""Progress of long work: who does the work reports, whoever shows it installs a reporter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Task(Protocol):
    """One piece of work whose units are counted."""

    def advance(self, units: int) -> None:
        """Counts `units` more units as done."""

    def set_total(self, units: int) -> None:
        """States how many units there are in all, once it is known."""


class Progress(Protocol):
    """Something that shows tasks."""

    def task(
        self, title: str, *, total: int | None = None, unit: str = "rows"
    ) -> AbstractContextManager[Task]:
        """Shows a task named `title` while the returned context is open."""

    def note(self, text: str) -> None:
        """Says one line that is worth reading afterwards."""


class _SilentTask:
    def advance(self, units: int) -> None:
        """Shows nothing."""

    def set_total(self, units: int) -> None:
        """Shows nothing."""


class SilentProgress:
    """A reporter that shows nothing: the default, for tests and for services."""

    @contextmanager
    def task(self, title: str, *, total: int | None = None, unit: str = "rows") -> Iterator[Task]:
        """Yields a task that shows nothing."""
        yield _SilentTask()

    def note(self, text: str) -> None:
        """Says nothing."""


_installed: list[Progress] = [SilentProgress()]


def progress() -> Progress:
    """Returns the reporter that is installed in this process."""
    return _installed[-1]


@contextmanager
def showing(reporter: Progress) -> Iterator[Progress]:
    """Installs `reporter` for this process while the context is open."""
    _installed.append(reporter)
    try:
        yield reporter
    finally:
        _installed.remove(reporter)
