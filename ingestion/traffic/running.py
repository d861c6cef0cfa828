"""Sends made-up traffic through a door at its rate, and counts what came of it."""

from __future__ import annotations

import threading
import time
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from ingestion.traffic.doors import TrafficDoor
from ingestion.traffic.lines import TrafficLines, TrafficPlan, make_traffic
from warehouse.progress import Task, progress

_NS = 10**9


@dataclass
class TrafficReport:
    """What was sent.

    Attributes:
        sent_count: Deliveries that the door took.
        duplicate_count: How many of them were sent before.
        faulty_count: How many of them are no event.
        error_count: Deliveries that the door didn't take.
        elapsed_ns: Nanoseconds from the first to the last.
        last_error: What the door said last when it took nothing; empty when it never did.
    """

    sent_count: int = 0
    duplicate_count: int = 0
    faulty_count: int = 0
    error_count: int = 0
    elapsed_ns: int = 0
    last_error: str = ""

    @property
    def rate(self) -> int:
        """Deliveries a second that the door took."""
        return self.sent_count * _NS // max(self.elapsed_ns, 1)


def send_traffic(
    door: TrafficDoor,
    plan: TrafficPlan,
    *,
    count: int,
    batch: int,
    connections: int = 1,
    stop: threading.Event | None = None,
) -> TrafficReport:
    """Sends deliveries; each batch leaves when its last event occurs, or as soon after as can be.

    Args:
        door: Where they go; closed at the end.
        plan: What is sent, and how fast.
        count: Deliveries in all.
        batch: Deliveries that are sent at once.
        connections: Batches that are under way at once.
        stop: Ends it early when it is set.

    Returns:
        What was sent.
    """
    stop = stop or threading.Event()
    report = TrafficReport()
    started = time.monotonic_ns()
    under_way: deque[tuple[TrafficLines, Future[None]]] = deque()
    due = 0
    with progress().task("Sending traffic", total=count, unit="events") as task:
        try:
            with ThreadPoolExecutor(max_workers=connections) as pool:
                for lines in make_traffic(plan, count=count, batch=batch):
                    due += len(lines.lines)
                    early_ns = started + due * _NS // plan.rate - time.monotonic_ns()
                    if stop.wait(max(early_ns, 0) / _NS):
                        break
                    under_way.append((lines, pool.submit(door.send, lines.lines)))
                    while under_way and (len(under_way) > connections or under_way[0][1].done()):
                        _settle(*under_way.popleft(), report, task)
                while under_way:
                    _settle(*under_way.popleft(), report, task)
        finally:
            door.close()
    report.elapsed_ns = time.monotonic_ns() - started
    return report


def _settle(lines: TrafficLines, future: Future[None], report: TrafficReport, task: Task) -> None:
    """Counts what became of a batch; a door that refuses one may take the next."""
    task.advance(len(lines.lines))
    try:
        future.result()
    except OSError as error:
        report.error_count += len(lines.lines)
        report.last_error = str(error)
        return
    report.sent_count += len(lines.lines)
    report.duplicate_count += lines.duplicate_count
    report.faulty_count += lines.faulty_count
