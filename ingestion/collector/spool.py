"""The spool: one writer, segments one after the other, all that was acknowledged and no more."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ingestion.collector.answers import AnswerStore, KeptAnswer
from ingestion.collector.segments import (
    JOURNAL,
    OPEN,
    READY,
    OpenSegment,
    read_journal,
    recover_segment,
)
from ingestion.collector.settings import CollectorSettings
from warehouse.errors import MeterhouseError

LANDED_FOLDER = "landed"
_NS = 10**9


class SpoolFullError(OSError):
    """There is not enough space left to take more."""


@dataclass(frozen=True)
class Backlog:
    """What waits in a spool.

    Attributes:
        segments: Ready segments.
        ready_bytes: Their size.
    """

    segments: int
    ready_bytes: int


class Spool:
    """The spool of one collector; used by one thread at a time.

    Args:
        settings: Where it is and how large segments get.

    Raises:
        MeterhouseError: Another collector writes to it, or it can't be written to.
    """

    def __init__(self, settings: CollectorSettings) -> None:
        self._settings = settings
        self._folder = settings.spool
        self._open: OpenSegment | None = None
        self._opened_ns = 0
        self._purged_ns = time.monotonic_ns()
        self._stuck: list[OpenSegment] = []
        self._companion = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sync")
        self.answers = AnswerStore(
            keep_seconds=settings.idempotency_hours * 3600, limit_bytes=settings.idempotency_bytes
        )
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = os.open(self._folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
        except OSError as error:
            raise _refuse_folder(self._folder, error) from error
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(self._lock)
            raise MeterhouseError(
                f"Another collector writes to {self._folder}.",
                remedy="stop it, or give this one a spool of its own",
            ) from error
        try:
            self._recover()
        except OSError as error:
            os.close(self._lock)
            raise _refuse_folder(self._folder, error) from error

    @property
    def position(self) -> tuple[str, int]:
        """Name of the segment that is written to, and the number that the next line gets.

        Raises:
            OSError: No segment can be begun.
        """
        segment = self._begin()
        return segment.name + READY, segment.next_line

    def append(self, data: bytes, *, line_count: int, answers: Sequence[KeptAnswer]) -> None:
        """Makes a group of batches durable.

        Args:
            data: Native lines, each with its line feed.
            line_count: Number of them.
            answers: Answers to be kept with them.

        Raises:
            OSError: It isn't durable and must not be acknowledged; the next group may be tried.
        """
        self._check_space(len(data))
        segment = self._begin()
        try:
            segment.append(data, line_count=line_count, answers=tuple(answers))
        except OSError:
            self._open = None
            self._set_aside(segment)
            raise
        self.answers.remember(answers, now=int(time.time()))
        if segment.end >= self._settings.segment_bytes:
            self.make_ready()

    def make_ready_if_due(self) -> None:
        """Makes the open segment ready once it is old enough; tries again what failed before."""
        age = time.monotonic_ns() - self._opened_ns
        if self._open is not None and age >= self._settings.segment_seconds * _NS:
            self.make_ready()
        stuck, self._stuck = self._stuck, []
        for segment in stuck:
            self._set_aside(segment)
        if time.monotonic_ns() - self._purged_ns >= 3600 * _NS:
            self._purged_ns = time.monotonic_ns()
            self._purge_journals()

    def make_ready(self) -> None:
        """Makes the open segment ready, if there is one."""
        segment, self._open = self._open, None
        if segment is not None:
            self._set_aside(segment)

    def close(self) -> None:
        """Makes what is open ready and lets other collectors in."""
        self.make_ready()
        self._companion.shutdown()
        os.close(self._lock)

    def _begin(self) -> OpenSegment:
        if self._open is None:
            self._open = OpenSegment(self._folder, now=datetime.now(UTC), companion=self._companion)
            self._opened_ns = time.monotonic_ns()
        return self._open

    def _set_aside(self, segment: OpenSegment) -> None:
        """Makes a segment ready that is written to no more; later, if it can't be done now."""
        segment.close()
        try:
            segment.make_ready()
        except OSError:
            self._stuck.append(segment)

    def _check_space(self, size: int) -> None:
        if read_free_bytes(self._folder) < self._settings.free_bytes + size:
            raise SpoolFullError("the spool is short of space")

    def _purge_journals(self) -> None:
        oldest = time.time_ns() - self._settings.idempotency_hours * 3600 * _NS
        for path in self._folder.glob(f"*{JOURNAL}"):
            if path.stat().st_mtime_ns < oldest and not path.with_suffix(OPEN).exists():
                path.unlink(missing_ok=True)

    def _recover(self) -> None:
        for path in sorted(self._folder.glob(f"*{OPEN}")):
            recover_segment(path)
        now = int(time.time())
        oldest = now - self._settings.idempotency_hours * 3600
        kept: list[KeptAnswer] = []
        for path in sorted(self._folder.glob(f"*{JOURNAL}")):
            found = [item for commit in read_journal(path) for item in commit.answers]
            fresh = [item for item in found if item.kept_at > oldest]
            if not fresh:
                path.unlink()
            kept += fresh
        kept.sort(key=lambda item: item.kept_at)
        self.answers.remember(kept, now=now)


def read_free_bytes(folder: Path) -> int:
    """Reads how much space is free where a folder is."""
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def list_ready(folder: Path) -> list[Path]:
    """Lists the ready segments of a spool, the oldest first.

    Args:
        folder: The spool; it may not exist.

    Returns:
        The files.
    """
    return sorted(folder.glob(f"collector_*{READY}"))


def measure_backlog(folder: Path) -> Backlog:
    """Counts the ready segments of a spool and their bytes.

    Args:
        folder: The spool.

    Returns:
        What waits to be landed.
    """
    segments = ready_bytes = 0
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(READY) and entry.is_file():
                segments += 1
                ready_bytes += entry.stat().st_size
    return Backlog(segments, ready_bytes)


def probe_writable(folder: Path, *, free_bytes: int) -> str:
    """Tries to write to a spool.

    Args:
        folder: The spool.
        free_bytes: Space that must be free.

    Returns:
        Why it can't be written to; empty when it can.
    """
    probe = folder / ".probe"
    try:
        if read_free_bytes(folder) < free_bytes:
            return "the spool is short of space"
        with probe.open("wb") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        return f"the spool can't be written to: {error.strerror}"
    finally:
        probe.unlink(missing_ok=True)
    return ""


def _refuse_folder(folder: Path, error: OSError) -> MeterhouseError:
    return MeterhouseError(
        f"The spool {folder} can't be used: {error.strerror}.",
        remedy="name a folder that can be written to, with space left",
    )
