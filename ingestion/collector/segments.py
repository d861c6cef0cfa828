"""Segments of the spool: a file of native lines, and a journal that says how far it counts.

An open segment is `<name>.jsonl.open`, no reader takes it for a data file; a ready one is
`<name>.jsonl`, complete and never changed again. The journal `<name>.journal` has one line per
group of batches: where the group ends, the CRC of its bytes, the answers to be kept. What is behind
the last good line of the journal was never acknowledged and is cut off. A segment that holds no
event, since the events went elsewhere, is removed; its journal stays for the answers.

The first line of a segment is blank, and so is the second: blank lines are no deliveries. The first
holds the segment's number in blanks and tabs. So no two segments have the same bytes, and none is
taken for a file that landed before; and no byte of a client stands where a reader looks for a byte
order mark or for the beginning of compressed data.
"""

from __future__ import annotations

import os
import secrets
import zlib
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ingestion.collector.answers import KeptAnswer
from warehouse.crash_points import crash_point

READY = ".jsonl"
OPEN = ".jsonl.open"
JOURNAL = ".journal"
HEADER_LINES = 2
_BLANKS = bytes.maketrans(b"01", b" \t")
_READ_BYTES = 4 << 20


class Commit(msgspec.Struct, frozen=True):
    """One line of a journal: a group of batches that counts.

    Attributes:
        end: Bytes of the segment up to the end of the group.
        lines: Lines of the segment up to there.
        crc: CRC-32 of the bytes of the group.
        answers: Answers to idempotency keys in the group.
    """

    end: int
    lines: int
    crc: int
    answers: tuple[KeptAnswer, ...] = ()


@dataclass(frozen=True)
class RecoveredSegment:
    """A segment that was left open and is ready now.

    Attributes:
        path: The ready file; None when nothing in it counted.
        cut_bytes: Bytes that were cut off.
    """

    path: Path | None
    cut_bytes: int


class OpenSegment:
    """A segment that is being written.

    Args:
        folder: The spool.
        now: When it is begun, for its name.
        companion: One more thread: both files are made durable at once, not one after the other.

    Raises:
        OSError: The files can't be made.
    """

    def __init__(self, folder: Path, *, now: datetime, companion: ThreadPoolExecutor) -> None:
        self._companion = companion
        number = secrets.randbits(64)
        self.name = f"collector_{now.astimezone(UTC):%Y%m%dT%H%M%S}_{number:016x}"
        self.path = folder / (self.name + OPEN)
        self._data = self._journal = -1
        self._header = f"{number:064b}".encode().translate(_BLANKS) + b"\n\n"
        self.end = self.lines = 0
        self.has_answers = False
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND
        try:
            self._data = os.open(self.path, flags, 0o600)
            self._journal = os.open(folder / (self.name + JOURNAL), flags, 0o600)
            sync_folder(folder)
        except OSError:
            self.close()
            raise

    @property
    def next_line(self) -> int:
        """Number that the next line gets, from 1."""
        return (self.lines or HEADER_LINES) + 1

    def append(self, data: bytes, *, line_count: int, answers: tuple[KeptAnswer, ...]) -> None:
        """Writes a group of batches and makes it durable.

        Args:
            data: Native lines, each with its line feed.
            line_count: Number of them.
            answers: Answers to be kept with them.

        Raises:
            OSError: It couldn't be made durable; the segment must not be written to any more.
        """
        if not self.end:
            data = self._header + data
        end = self.end + len(data)
        lines = self.next_line - 1 + line_count
        _write_all(self._data, data)
        crash_point("collector.after_data")
        _write_all(self._journal, _encode_commit(Commit(end, lines, zlib.crc32(data), answers)))
        crash_point("collector.after_journal")
        _sync_both(self._data, self._journal, companion=self._companion)
        crash_point("collector.after_sync")
        self.end, self.lines = end, lines
        self.has_answers = self.has_answers or bool(answers)

    def close(self) -> None:
        """Closes the files; what they hold stays."""
        for descriptor in (self._data, self._journal):
            if descriptor >= 0:
                os.close(descriptor)
        self._data = self._journal = -1

    def make_ready(self) -> None:
        """Gives the segment its ready name; an empty one is removed.

        Raises:
            OSError: The files can't be renamed; `recover_segment` can do it later.
        """
        self.close()
        if not self.path.exists():
            return
        if not self.end:
            _remove(self.path)
        elif self.lines == HEADER_LINES:
            self.path.unlink()
        elif self.path.stat().st_size != self.end:
            os.truncate(self.path, self.end)
            recover_segment(self.path)
        else:
            crash_point("collector.before_ready")
            self.path.rename(_ready_path(self.path))
            sync_folder(self.path.parent)
            crash_point("collector.after_ready")
            if not self.has_answers:
                journal_path(self.path).unlink(missing_ok=True)


def recover_segment(path: Path) -> RecoveredSegment:
    """Makes a segment ready that was left open: all that counts, and nothing behind it.

    Args:
        path: The open segment; nobody may write to it.

    Returns:
        The ready file.

    Raises:
        OSError: The files can't be read, cut or renamed.
    """
    commits = read_journal(journal_path(path))
    good: list[Commit] = []
    with path.open("r+b") as data:
        end = 0
        for commit in commits:
            if _read_crc(data.fileno(), end, commit.end) != commit.crc:
                break
            end = commit.end
            good.append(commit)
        cut_bytes = path.stat().st_size - end
        os.ftruncate(data.fileno(), end)
        os.fsync(data.fileno())
    if not good:
        _remove(path)
        return RecoveredSegment(None, cut_bytes)
    if any(commit.answers for commit in good):
        _rewrite_journal(journal_path(path), good)
    if good[-1].lines == HEADER_LINES:
        path.unlink()
        return RecoveredSegment(None, cut_bytes)
    ready = _ready_path(path)
    path.rename(ready)
    sync_folder(path.parent)
    if not any(commit.answers for commit in good):
        journal_path(path).unlink(missing_ok=True)
    return RecoveredSegment(ready, cut_bytes)


def read_journal(path: Path) -> list[Commit]:
    """Reads a journal up to its first line that is torn or damaged.

    Args:
        path: The journal; it may be absent.

    Returns:
        The good lines, in order.
    """
    if not path.exists():
        return []
    commits: list[Commit] = []
    for line in path.read_bytes().split(b"\n"):
        digest, _, body = line.partition(b" ")
        if digest != b"%08x" % zlib.crc32(body):
            break
        commits.append(msgspec.json.decode(body, type=Commit))
    return commits


def journal_path(path: Path) -> Path:
    """Names the journal of a segment, open or ready."""
    return path.with_name(path.name.removesuffix(".open").removesuffix(READY) + JOURNAL)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _ready_path(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".open"))


def _encode_commit(commit: Commit) -> bytes:
    body = msgspec.json.encode(commit)
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _rewrite_journal(path: Path, commits: list[Commit]) -> None:
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.writelines(map(_encode_commit, commits))
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _read_crc(descriptor: int, start: int, end: int) -> int | None:
    """Reads the CRC of a range; None when the file ends before it does."""
    crc = 0
    while start < end:
        block = os.pread(descriptor, min(_READ_BYTES, end - start), start)
        if not block:
            return None
        crc = zlib.crc32(block, crc)
        start += len(block)
    return crc


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    journal_path(path).unlink(missing_ok=True)


def _sync_both(data: int, journal: int, *, companion: ThreadPoolExecutor) -> None:
    journal_synced = companion.submit(os.fsync, journal)
    try:
        os.fsync(data)
    finally:
        wait([journal_synced])
    journal_synced.result()


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
