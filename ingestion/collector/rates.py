"""Token buckets: how many events a key may send at once, and in the long run."""

from __future__ import annotations

from dataclasses import dataclass

_NS = 10**9


@dataclass
class _Bucket:
    level: int
    filled_ns: int


class RateLimiter:
    """A bucket for each key, filled by time, emptied by events.

    A key may send as long as its bucket isn't empty; a batch that is larger than what is left puts
    the bucket in debt, so that no size of batch is locked out and the long run is kept.
    """

    def __init__(self) -> None:
        self._buckets: dict[str, _Bucket] = {}

    def charge(self, key_id: str, events: int, *, rate: int, burst: int, now_ns: int) -> int:
        """Takes events out of a key's bucket.

        Args:
            key_id: The key.
            events: Number of events.
            rate: Events per second that flow in.
            burst: Events that the bucket holds.
            now_ns: A monotonic clock.

        Returns:
            0 when the key may send; otherwise the seconds until it may, and nothing is taken.
        """
        bucket = self._buckets.setdefault(key_id, _Bucket(burst * _NS, now_ns))
        filled = bucket.level + (now_ns - bucket.filled_ns) * rate
        bucket.level, bucket.filled_ns = min(filled, burst * _NS), now_ns
        if bucket.level < _NS:
            return -((bucket.level - _NS) // (rate * _NS))
        bucket.level -= events * _NS
        return 0

    def charge_more(self, key_id: str, events: int) -> None:
        """Takes more events out of a bucket that was not empty, into debt if need be."""
        self._buckets[key_id].level -= events * _NS
