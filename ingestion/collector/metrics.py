"""Counters and one histogram, shown as Prometheus reads them."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable

FSYNC_BOUNDS_US = (500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000, 1_000_000)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_HELP = {
    "requests_total": "Answers to POST /v1/events, by HTTP status.",
    "events_total": "Events in answered batches, by outcome and reason.",
    "replayed_batches_total": "Batches answered again by their idempotency key.",
    "body_bytes_total": "Bytes of bodies as they were sent.",
    "content_bytes_total": "Bytes of bodies once decompressed.",
    "spooled_bytes_total": "Bytes written to segments.",
    "commits_total": "Groups of batches made durable together, by result.",
}


class FsyncTimes:
    """How long it took to make groups durable, as a histogram."""

    def __init__(self) -> None:
        self.buckets = [0] * (len(FSYNC_BOUNDS_US) + 1)
        self.count = 0
        self.total_ns = 0

    def observe(self, elapsed_ns: int) -> None:
        """Counts one time, in nanoseconds."""
        self.buckets[bisect_left(FSYNC_BOUNDS_US, -(-elapsed_ns // 1000))] += 1
        self.count += 1
        self.total_ns += elapsed_ns

    def lines(self, name: str) -> Iterable[str]:
        """Yields the histogram in seconds."""
        yield f"# HELP {name} Time to make a group of batches durable."
        yield f"# TYPE {name} histogram"
        below = 0
        for bound, found in zip(FSYNC_BOUNDS_US, self.buckets, strict=False):
            below += found
            yield f'{name}_bucket{{le="{_seconds(bound * 1000)}"}} {below}'
        yield f'{name}_bucket{{le="+Inf"}} {self.count}'
        yield f"{name}_sum {_seconds(self.total_ns)}"
        yield f"{name}_count {self.count}"


class Metrics:
    """All figures of a collector; each is written by one thread only."""

    def __init__(self) -> None:
        self._counters: dict[str, Counter[str]] = {name: Counter() for name in _HELP}
        self.fsync_times = FsyncTimes()

    def add(self, name: str, count: int = 1, **labels: str) -> None:
        """Adds to a counter.

        Args:
            name: One of the counters.
            count: How much.
            **labels: Names and values of labels; never anything that a client chose.
        """
        text = ",".join(f'{label}="{value}"' for label, value in labels.items())
        self._counters[name][f"{{{text}}}" if text else ""] += count

    def expose(self, gauges: dict[str, tuple[str, int]]) -> str:
        """Writes all figures.

        Args:
            gauges: What is measured at this moment: name to help and value.

        Returns:
            The text that Prometheus reads.
        """
        lines: list[str] = []
        for name, found in self._counters.items():
            full = f"meterhouse_collector_{name}"
            lines += [f"# HELP {full} {_HELP[name]}", f"# TYPE {full} counter"]
            lines += [f"{full}{labels} {found[labels]}" for labels in sorted(list(found))]
        lines += self.fsync_times.lines("meterhouse_collector_fsync_seconds")
        for name, (explanation, value) in gauges.items():
            full = f"meterhouse_collector_{name}"
            lines += [f"# HELP {full} {explanation}", f"# TYPE {full} gauge", f"{full} {value}"]
        return "\n".join(lines) + "\n"


def _seconds(nanoseconds: int) -> str:
    whole, part = divmod(nanoseconds, 10**9)
    return f"{whole}.{part:09}".rstrip("0").rstrip(".")
