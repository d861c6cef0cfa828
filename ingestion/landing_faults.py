"""Says why rows could not be landed, and what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TypeVar

from dlt.pipeline.exceptions import PipelineStepFailed

from ingestion.outages import DISK_FULL_REMEDY, ConnectionLostError, is_disk_full
from warehouse.errors import MeterhouseError

_Error = TypeVar("_Error", bound=BaseException)
_CONNECTION_LOST = (
    "connection already closed",
    "closed the connection unexpectedly",
    "terminating connection",
    "could not receive data from server",
    "could not send data to server",
    "Connection refused",
    "Connection reset by peer",
    "the database system is",
)


def explain_landing_fault(error: PipelineStepFailed, *, what: str, folder: Path) -> MeterhouseError:
    """Makes the error that a user can act on.

    Args:
        error: What dlt raised.
        what: What was landed, such as `load 7`.
        folder: The folder of the working files.

    Returns:
        The error, to be raised from `error`.
    """
    message = f"Landing {what} failed: {error.exception}"
    if _is_local_disk_full(error):
        return MeterhouseError(
            f"Landing {what} failed: the disk of the working files is full.",
            remedy=f"make space in {folder} (METERHOUSE_STATE_DIR), then run the same command "
            "again",
        )
    if is_disk_full(error):
        return MeterhouseError(message, remedy=f"the disk is full: {DISK_FULL_REMEDY}")
    kind = ConnectionLostError if any(m in message for m in _CONNECTION_LOST) else MeterhouseError
    return kind(
        message, remedy="check that Postgres runs and has space, then run the same command again"
    )


def find_cause(error: BaseException | None, kind: type[_Error]) -> _Error | None:
    """Finds what a door raised among the causes of dlt's error.

    Args:
        error: The error.
        kind: What to look for.

    Returns:
        The cause; None where there is none of that kind.
    """
    while error is not None and not isinstance(error, kind):
        error = error.__cause__
    return error


def _is_local_disk_full(error: BaseException | None) -> bool:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        error = error.__cause__ or error.__context__
    return False
