"""Answers to batches: what became of each event, kept for idempotency keys."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Iterable
from enum import StrEnum

import msgspec

_RECORD_OVERHEAD = 300


class Outcome(StrEnum):
    """What became of one event of a batch."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    FORBIDDEN = "forbidden_customer"


class Exceptional(msgspec.Struct, frozen=True, array_like=True):
    """An event of a batch that wasn't accepted."""

    index: int
    outcome: str
    reason: str
    detail: str


class Answer(msgspec.Struct, frozen=True, array_like=True):
    """What is said of a batch.

    Attributes:
        batch_id: Where it was spooled: `<segment>:<line of its first event>`; empty for nowhere.
        event_count: Events that were sent.
        exceptions: Those that weren't accepted, by index.
    """

    batch_id: str
    event_count: int
    exceptions: tuple[Exceptional, ...]

    def count(self, outcome: Outcome) -> int:
        """Counts the events of one outcome."""
        if outcome is Outcome.ACCEPTED:
            return self.event_count - len(self.exceptions)
        return sum(item.outcome == outcome for item in self.exceptions)

    def to_json(self) -> bytes:
        """Writes the answer as the client gets it."""
        events: list[dict[str, object]] = [
            {"index": index, "outcome": Outcome.ACCEPTED} for index in range(self.event_count)
        ]
        for item in self.exceptions:
            fields = {"index": item.index, "outcome": item.outcome}
            events[item.index] = {**fields, "reason": item.reason, "detail": item.detail}
        counts = {
            "accepted": self.count(Outcome.ACCEPTED),
            "rejected": self.count(Outcome.REJECTED),
            "forbidden": self.count(Outcome.FORBIDDEN),
        }
        head = {"batch_id": self.batch_id, "received": self.event_count}
        return msgspec.json.encode({**head, **counts, "events": events})


class KeptAnswer(msgspec.Struct, frozen=True):
    """The answer to an idempotency key, as it stands in the journal of a segment.

    Attributes:
        key: Digest of the API key's id and the idempotency key.
        body: Digest of the media type and the content.
        kept_at: When it was given, seconds since 1970.
        answer: The answer.
    """

    key: bytes
    body: bytes
    kept_at: int
    answer: Answer


class Idempotency(msgspec.Struct, frozen=True):
    """The idempotency key of a batch.

    Attributes:
        key: Digest of the API key's id and the idempotency key.
        body: Digest of the media type and the content.
    """

    key: bytes
    body: bytes


def digest_request(
    *, key_id: str, idempotency_key: str, media_type: str, content: bytes
) -> Idempotency:
    """Makes the digests by which a request is known again.

    Args:
        key_id: The API key; idempotency keys of two API keys are never the same.
        idempotency_key: The header that the client sent.
        media_type: Media type of the content.
        content: The body, decompressed.

    Returns:
        Its identity and its content.
    """
    key = hashlib.sha256(f"{key_id}\x00{idempotency_key}".encode()).digest()[:16]
    body = hashlib.sha256(media_type.encode() + b"\x00" + content).digest()[:16]
    return Idempotency(key, body)


class AnswerStore:
    """Answers to idempotency keys, for a time and within a size; the oldest go first.

    Args:
        keep_seconds: How long an answer is kept.
        limit_bytes: Size of all of them.
    """

    def __init__(self, *, keep_seconds: int, limit_bytes: int) -> None:
        self._keep_seconds = keep_seconds
        self._limit_bytes = limit_bytes
        self._kept: OrderedDict[bytes, tuple[int, bytes, bytes]] = OrderedDict()
        self._bytes = 0
        self.forgotten_early = 0
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Answer).decode

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, key: bytes, *, now: int) -> tuple[bytes, Answer] | None:
        """Finds the answer to an idempotency key.

        Args:
            key: Digest of the key.
            now: Seconds since 1970.

        Returns:
            Digest of the body and the answer; None when there is none, or no longer.
        """
        found = self._kept.get(key)
        if found is None or found[0] + self._keep_seconds <= now:
            return None
        return found[1], self._decode(found[2])

    def remember(self, answers: Iterable[KeptAnswer], *, now: int) -> None:
        """Keeps answers, and lets go of those that are too old or too many.

        Args:
            answers: The answers, in the order they were given.
            now: Seconds since 1970.
        """
        for kept in answers:
            self._drop(kept.key)
            packed = self._encode(kept.answer)
            self._kept[kept.key] = (kept.kept_at, kept.body, packed)
            self._bytes += len(packed) + _RECORD_OVERHEAD
        while self._kept:
            key, (kept_at, _, _) = next(iter(self._kept.items()))
            is_old = kept_at + self._keep_seconds <= now
            if not is_old and self._bytes <= self._limit_bytes:
                return
            self.forgotten_early += not is_old
            self._drop(key)

    def _drop(self, key: bytes) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self._bytes -= len(found[2]) + _RECORD_OVERHEAD
