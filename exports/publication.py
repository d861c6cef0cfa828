"""A folder that appears whole or not at all, whenever the process is killed."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from exports.verification import file_sha256
from warehouse.crash_points import crash_point


@dataclass(frozen=True)
class PendingFolder:
    """A folder that is being filled.

    Attributes:
        path: Where to write for now.
        target: Where it will be.
    """

    path: Path
    target: Path

    def publish(self) -> bool:
        """Puts the folder in its place; one that is there already gives way.

        Returns:
            Whether anything changed: False when the same bytes were there before.
        """
        for file in self.path.iterdir():
            _flush(file)
        _flush(self.path)
        if _same_files(self.path, self.target):
            shutil.rmtree(self.path)
            return False
        previous = _previous(self.target)
        if self.target.exists():
            self.target.rename(previous)
            crash_point("export.between_renames")
        self.path.rename(self.target)
        _flush(self.target.parent)
        shutil.rmtree(previous, ignore_errors=True)
        return True


@contextmanager
def pending_folder(directory: Path, *, name: str) -> Iterator[PendingFolder]:
    """Gives an empty folder to fill, alone: another export into the same directory waits.

    What a killed export left behind is removed, or put back where it had been moved aside.

    Args:
        directory: Where the folder will be; made when it is missing.
        name: The folder's name.
    """
    directory.mkdir(parents=True, exist_ok=True)
    handle = os.open(directory, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        target = directory / name
        previous = _previous(target)
        if previous.exists() and not target.exists():
            previous.rename(target)
        shutil.rmtree(previous, ignore_errors=True)
        partial = directory / f".{name}.partial"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir()
        try:
            yield PendingFolder(path=partial, target=target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    finally:
        os.close(handle)


def _previous(target: Path) -> Path:
    return target.with_name(f".{target.name}.previous")


def _same_files(left: Path, right: Path) -> bool:
    if not right.is_dir():
        return False
    names = sorted(file.name for file in left.iterdir())
    if names != sorted(file.name for file in right.iterdir()):
        return False
    return all(file_sha256(left / name) == file_sha256(right / name) for name in names)


def _flush(path: Path) -> None:
    """Makes the system write what it holds of a file or folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
