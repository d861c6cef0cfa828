"""Postgres goes away under a consumer: offsets and messages count together, once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from sqlalchemy import Engine, text

from ingestion.kafka import polling
from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.positions import PartitionKey, read_positions
from tests.faults.commit_cutter import CommitCutter
from tests.kafka.conftest import Topic, event_line, landed
from warehouse import Warehouse

COUNTS = "select count(*), count(distinct delivery_id) from raw_usage.events"
OFFSETS = "select sum(message_count), max(next_offset) from ops.kafka_offsets"


def test_a_lost_commit_or_reply_lands_each_message_once(
    warehouse: Warehouse, make_topic: Callable[..., Topic]
) -> None:
    topic = make_topic()
    cutter = CommitCutter(warehouse)
    for number in range(2):  # dlt registers itself in the first load
        topic.send(event_line(str(number)))
        cutter.cut(0, is_applied=False)
        assert consume_topics(cutter.warehouse, topic.settings, until_end=True).event_count == 1
    last = cutter.commits  # the one that makes the load count
    for sent, (number, is_applied) in enumerate(product((1, last), (True, False)), start=2):
        topic.send(event_line(str(sent)))
        cutter.cut(number, is_applied=is_applied)
        report = consume_topics(cutter.warehouse, topic.settings, until_end=True)
        assert (report.event_count, report.superseded_count, cutter.cuts) == (1, 0, 1)
        assert landed(warehouse, COUNTS) == [(sent + 1, sent + 1)]
    assert consume_topics(cutter.warehouse, topic.settings, until_end=True).load_ids == []
    assert landed(warehouse, OFFSETS) == [(6, 6)]
    cutter.close()


def test_a_consumer_outlasts_an_outage_while_it_is_given_partitions(
    warehouse: Warehouse, make_topic: Callable[..., Topic], monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = make_topic()
    topic.send(*(event_line(str(number)) for number in range(3)))
    outages = iter([True, True])

    def read_after_outages(engine: Engine, keys: list[PartitionKey]) -> dict[PartitionKey, int]:
        if next(outages, False):
            with engine.connect() as connection:
                connection.execute(text("select pg_terminate_backend(pg_backend_pid())"))
        return read_positions(engine, keys)

    monkeypatch.setattr(polling, "read_positions", read_after_outages)
    report = consume_topics(warehouse, topic.settings, until_end=True)
    assert (report.event_count, next(outages, None)) == (3, None)
    assert landed(warehouse, COUNTS) == [(3, 3)]
