"""Consumers that are killed and rebalanced, and a broker that goes away: each message lands once.

The long run is replayed by the command that it prints.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest
from sqlalchemy import text

from audit import reconcile
from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.polling import Poller
from tests.dbt_company import catalog
from tests.dbt_harness import install_catalog
from tests.drafting import LOADS_ONLY, build
from tests.kafka.conftest import Topic, event_line, landed, wait_until
from tests.kafka.consumer_server import ConsumerServer
from warehouse import Role, Warehouse

MakeTopic = Callable[..., Topic]
SEED = int(os.environ.get("METERHOUSE_TEST_SEED", "20261120"))
REPLAY = "./meterhouse test tests/kafka/test_kafka_faults.py -k twenty_kills"
CRASH_POINTS = [
    "kafka.after_poll",
    "load.after_landing",
    "kafka.after_dead_letters",
    "load.before_commit",
    "kafka.after_landing",
    "kafka.after_offset_commit",
]
DELIVERIES = """
select delivery_id from raw_usage.events union all select delivery_id from raw_usage.rejected
"""
BALANCE = """
select
    (select coalesce(sum(received_count), 0) from ops.loads where state = 'landed')::bigint,
    (select coalesce(sum(received_count), 0) from ops.files)::bigint,
    (select coalesce(sum(message_count), 0) from ops.kafka_offsets)::bigint,
    (select count(*) from raw_usage.events) + (select count(*) from raw_usage.rejected),
    (select count(*) from ops.loads where state = 'landing')
"""


@pytest.fixture
def consumers_of(
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> Iterator[Callable[[Warehouse], ConsumerServer]]:
    """Starts consumers on a warehouse."""
    with ExitStack() as stack:

        def serve(warehouse: Warehouse) -> ConsumerServer:
            return stack.enter_context(closing(ConsumerServer(environment_of(warehouse))))

        yield serve


@pytest.fixture
def consumers(
    warehouse: Warehouse, consumers_of: Callable[[Warehouse], ConsumerServer]
) -> ConsumerServer:
    """Starts consumers on this test's empty warehouse."""
    return consumers_of(warehouse)


def check_each_landed_once(warehouse: Warehouse, topic: Topic, counts: list[int]) -> None:
    """Every offset of every partition is one landed delivery, and every ledger says so."""
    expected = {
        f"{topic.name}:{partition}:{offset}"
        for partition, count in enumerate(counts)
        for offset in range(count)
    }
    found = [delivery for (delivery,) in landed(warehouse, DELIVERIES)]
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert landed(warehouse, BALANCE) == [(sum(counts),) * 4 + (0,)]
    ends = "select partition_number, max(next_offset) from ops.kafka_offsets group by 1 order by 1"
    assert landed(warehouse, ends) == [(n, count) for n, count in enumerate(counts) if count]
    assert landed(warehouse, "select * from ops.kafka_gaps") == []


def test_killed_anywhere_and_run_again_each_message_is_there_once(
    warehouse: Warehouse, consumers: ConsumerServer, make_topic: MakeTopic
) -> None:
    topic = make_topic()
    topic.broker.make_topic(f"{topic.name}_dead")
    settings = topic.with_settings(dead_letter_topic=f"{topic.name}_dead", instance="only")
    for number, point in enumerate(CRASH_POINTS):
        topic.send(event_line(f"{number} a"), b"poison", event_line(f"{number} b"))
        killed = consumers.start(settings, crash_at=point)
        assert killed.wait() == -signal.SIGKILL, point
    consume_topics(warehouse, settings, until_end=True)
    check_each_landed_once(warehouse, topic, [3 * len(CRASH_POINTS)])
    assert consume_topics(warehouse, settings, until_end=True).load_ids == []


def test_consumers_of_one_group_take_partitions_over_without_loss(
    warehouse: Warehouse, consumers: ConsumerServer, make_topic: MakeTopic
) -> None:
    topic = make_topic(partitions=4)
    settings = topic.settings
    running = [consumers.start(settings, until_end=False)]
    for round_number in range(4):
        for partition in range(4):
            lines = [event_line(f"{round_number} {partition} {n}") for n in range(25)]
            topic.send(*lines, partition=partition)
        if round_number == 1:
            running.append(consumers.start(settings, until_end=False))
        time.sleep(1)
    running[0].kill(signal.SIGTERM)
    assert running[0].wait() == 0
    wait_until(lambda: landed(warehouse, BALANCE)[0][0] == 400)
    running[1].kill(signal.SIGTERM)
    assert running[1].wait() == 0
    check_each_landed_once(warehouse, topic, [100] * 4)


def test_what_was_polled_of_a_partition_that_goes_is_left_to_its_new_owner(
    warehouse: Warehouse, make_topic: MakeTopic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first consumer has polled everything and not landed it when the second one comes."""
    topic = make_topic(partitions=4)
    for partition in range(4):
        topic.send(*(event_line(f"{partition} {n}") for n in range(25)), partition=partition)
    pollers: list[Poller] = []
    begin = Poller.__init__

    def begin_and_show(poller: Poller, *arguments: object, **named: object) -> None:
        begin(poller, *arguments, **named)
        pollers.append(poller)

    monkeypatch.setattr(Poller, "__init__", begin_and_show)
    stop = threading.Event()
    with ThreadPoolExecutor() as pool:
        waiting = topic.with_settings(batch_seconds=600)
        first = pool.submit(consume_topics, warehouse, waiting, stop=stop)
        try:
            wait_until(lambda: pollers and sum(len(p.messages) for p in pollers[0].polled) == 100)
            second = consume_topics(warehouse, topic.settings, until_end=True)
        finally:
            stop.set()
    assert (second.message_count, second.superseded_count) == (50, 0)
    assert first.result().superseded_count == 0
    consume_topics(warehouse, topic.settings, until_end=True)
    check_each_landed_once(warehouse, topic, [25] * 4)


def test_of_two_that_read_the_same_one_lands(warehouse: Warehouse, make_topic: MakeTopic) -> None:
    """Two groups have the same partition each, as after a rebalance during a long landing."""
    topic = make_topic()
    topic.send(*(event_line(str(number)) for number in range(300)))
    reports = []

    def consume(group: str) -> None:
        settings = topic.with_settings(group=group, batch_messages=100)
        reports.append(consume_topics(warehouse, settings, until_end=True))

    threads = [threading.Thread(target=consume, args=(group,)) for group in ("one", "other")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(report.message_count for report in reports) == 300
    assert sum(report.superseded_count for report in reports) >= 1
    check_each_landed_once(warehouse, topic, [300])


def test_twenty_kills_and_two_restarts_of_the_broker(
    deployed_warehouse: Warehouse,
    consumers_of: Callable[[Warehouse], ConsumerServer],
    make_topic: MakeTopic,
) -> None:
    sys.stdout.write(f"replay: METERHOUSE_TEST_SEED={SEED} {REPLAY}\n")
    choice = random.Random(SEED)
    warehouse, consumers = deployed_warehouse, consumers_of(deployed_warehouse)
    install_catalog(warehouse, catalog())
    topic = make_topic(partitions=3)
    settings = topic.with_settings(instance="only", broker_seconds=60)
    counts = [0, 0, 0]
    different: set[str] = set()
    kills = 0

    def send() -> None:
        partition, size = choice.randrange(3), choice.randint(20, 60)
        names = [f"{partition} {counts[partition] + n}" for n in range(size)]
        lines = [event_line(name, customer="gold", event_type="call") for name in names]
        different.update(names)
        for n in range(0, size - 1, 7):
            lines[n] = choice.choice([b"poison", lines[-1], None])
            different.discard(names[n])
        topic.send(*lines, partition=partition)
        counts[partition] += size

    while kills < 20:
        send()
        point = choice.choice(["", "", *CRASH_POINTS])
        consumer = consumers.start(settings, crash_at=point, until_end=False)
        if kills in (6, 13):
            topic.broker.stop(choice.choice([signal.SIGKILL, signal.SIGTERM]))
            topic.broker.start()
            send()
        if not point or point == "kafka.after_dead_letters":
            time.sleep(choice.uniform(0, 1))
            consumer.kill(signal.SIGKILL)
        assert consumer.wait() == -signal.SIGKILL
        kills += 1
    consume_topics(warehouse, settings, until_end=True)
    check_each_landed_once(warehouse, topic, counts)
    build(warehouse, LOADS_ONLY)
    assert reconcile(warehouse).differences == []
    facts = landed_as_facts(warehouse)
    assert len(facts) == len(set(facts))
    assert set(facts) == different


def landed_as_facts(warehouse: Warehouse) -> list[str]:
    """The event ids of all facts."""
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        return list(
            connection.execute(text("select event_id from marts.fct_usage_events")).scalars()
        )
