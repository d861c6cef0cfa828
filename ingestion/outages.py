"""Outlasts a Postgres that goes away and comes back: what is safe to repeat is done again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from warehouse.errors import MeterhouseError
from warehouse.progress import progress

_Result = TypeVar("_Result")
_PAUSE_MS = (100, 200, 500, 1000, 2000)
_MOST_OUTAGES = 5
# shut down by an administrator, by a crash; not ready yet
_GOING_OR_COMING = {"57P01", "57P02", "57P03"}
_GOING_OR_COMING_WORDS = ("the database system is", "terminating connection")

DISK_FULL_REMEDY = "make space where the data of Postgres are, then run the same command again"


class ConnectionLostError(MeterhouseError):
    """A connection to Postgres, or its lock, was lost in the middle of work safe to repeat."""


def outlast_outages(engine: Engine, work: Callable[[], _Result], *, seconds: int) -> _Result:
    """Does work, and does it again from the beginning when Postgres went away meanwhile.

    Args:
        engine: Engine of the role that works; asked whether the server is back.
        work: What to do; it must be safe to kill and to repeat.
        seconds: How long one outage may last.

    Returns:
        What `work` returned.

    Raises:
        MeterhouseError: The server didn't come back in time, or went away time and again.
    """
    for _ in range(_MOST_OUTAGES):
        try:
            return work()
        except (DBAPIError, ConnectionLostError) as error:
            if is_disk_full(error):
                raise MeterhouseError(
                    f"The disk of Postgres is full: {_first_line(error)}", remedy=DISK_FULL_REMEDY
                ) from error
            if not is_lost(error):
                raise
            progress().note("Postgres went away; beginning again once it is back")
            _wait_until_back(engine, error, seconds=seconds)
    raise MeterhouseError(
        f"Postgres went away {_MOST_OUTAGES} times during one run; nothing half done counts.",
        remedy="read the Postgres log, make space where its data are, then run the same command "
        "again",
    )


def is_disk_full(error: Exception) -> bool:
    """Tells whether an error means that Postgres has no space left.

    Args:
        error: What SQLAlchemy or dlt raised.

    Returns:
        Whether that is what it says.
    """
    code = getattr(getattr(error, "orig", None), "pgcode", None)
    return code == "53100" or "No space left on device" in str(error)


def is_lost(error: BaseException) -> bool:
    """Tells whether an error means that Postgres may be worked with again once it is back.

    Args:
        error: Any error.

    Returns:
        Whether the server went away meanwhile, or the way to it, by `is_outage` or as dlt says it.
    """
    return isinstance(error, ConnectionLostError) or (
        isinstance(error, DBAPIError) and is_outage(error)
    )


def is_outage(error: DBAPIError) -> bool:
    """Tells whether an error means that the server, or the way to it, is gone.

    Args:
        error: What SQLAlchemy raised.

    Returns:
        True for lost and refused connections; False for whatever a living server answered, a
        refused login included.
    """
    if error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    code = getattr(error.orig, "pgcode", None)
    if code is not None:
        return code in _GOING_OR_COMING
    words = str(error.orig)
    return "FATAL:" not in words or any(mark in words for mark in _GOING_OR_COMING_WORDS)


def _wait_until_back(engine: Engine, outage: Exception, *, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    pauses = iter(_PAUSE_MS)
    while True:
        try:
            engine.dispose()
            engine.connect().close()
        except OperationalError:
            if time.monotonic() >= deadline:
                break
            time.sleep(next(pauses, _PAUSE_MS[-1]) / 1000)
        else:
            return
    raise MeterhouseError(
        f"Postgres went away and did not come back within {seconds} seconds: {_first_line(outage)}",
        remedy="./meterhouse doctor says whether it runs; its disk may be full (make space where "
        "its data are); then run the same command again",
    ) from outage


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0]
