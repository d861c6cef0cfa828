"""Group commit: whatever was handed in is answered, even when the collector stops at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ingestion.collector.answers import Answer, Idempotency
from ingestion.collector.batches import EventLines
from ingestion.collector.committing import GROUP_EVENTS, Committer, Submission
from ingestion.collector.faults import RequestFaultError
from ingestion.collector.keys import ApiKey, create_key
from ingestion.collector.metrics import Metrics
from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import Spool, list_ready

LINE = (
    b'{"event_id":"e","customer_id":"c","event_type":"t",'
    b'"occurred_at":"2026-11-20T10:00:00Z","quantity":1}'
)


def hand_in_and_close(
    settings: CollectorSettings, key: ApiKey, names: list[bytes], *, lines: int = 1
) -> list[object]:
    async def run() -> list[object]:
        loop = asyncio.get_running_loop()
        committer = Committer(Spool(settings), Metrics(), loop=loop)
        waiting = []
        for name in names:
            identity = Idempotency(name, b"body") if name else None
            submission = Submission(
                EventLines([LINE] * lines), key, identity, 1, loop.create_future()
            )
            committer.submit(submission)
            waiting.append(submission.done)
        await asyncio.to_thread(committer.close)
        with pytest.raises(RequestFaultError, match="stopping"):
            committer.submit(submission)
        return await asyncio.wait_for(asyncio.gather(*waiting), 10)

    return asyncio.run(run())


def test_what_was_handed_in_is_answered_before_it_stops(tmp_path: Path) -> None:
    settings = CollectorSettings(state_dir=tmp_path, free_bytes=0)
    key = create_key(settings, name="client", customers=["*"]).key
    assert GROUP_EVENTS < 6000
    answers = hand_in_and_close(settings, key, [b""] * 5, lines=3000)
    assert all(isinstance(answer, Answer) for answer in answers)
    lines = b"".join(path.read_bytes() for path in list_ready(settings.spool)).split(b"\n")
    assert lines.count(LINE) == 15_000
    assert len({answer.batch_id for answer in answers}) == 5


def test_batch_ids_name_the_line(tmp_path: Path) -> None:
    settings = CollectorSettings(state_dir=tmp_path, free_bytes=0)
    key = create_key(settings, name="client", customers=["*"]).key
    for answer in hand_in_and_close(settings, key, [b"", b"same", b"same", b""]):
        name, _, number = answer.batch_id.rpartition(":")
        lines = (settings.spool / name).read_bytes().split(b"\n")
        assert lines[int(number) - 1] == LINE
    assert lines.count(LINE) == 3
