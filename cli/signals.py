"""Commands that run for long stop when they are told to, and finish what they began."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cli.display import console


@contextmanager
def stopping_gracefully(said: str) -> Iterator[threading.Event]:
    """Turns the first SIGTERM or Ctrl-C into an event; the next Ctrl-C interrupts.

    Args:
        said: What is printed when it comes.

    Yields:
        The event.
    """
    stop = threading.Event()
    before = {}

    def heed(number: int, frame: object) -> None:
        stop.set()
        signal.signal(number, before[number])
        console.print(said)

    for number in (signal.SIGTERM, signal.SIGINT):
        before[number] = signal.signal(number, heed)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
