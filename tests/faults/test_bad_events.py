"""The bad-input list, from a file to its fates: exact, or quarantined with a reason."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ingestion.contracts import UsageEvent
from tests.dbt_harness import change_as_admin, read_as_admin
from tests.faults.bad_events import ACCEPTED, HOSTILE, QUANTITIES, TIMES, cases, line
from tests.faults.commands import Commands
from tests.integration.collector_server import RunningCollector
from warehouse import Warehouse

FATES = """
    select files.file_name, raw.line_number,
        case when facts.delivery_id is not null then 'accepted'
            else coalesce(fates.reason, fates.fate, 'no fate') end
    from (
        select load_id, delivery_id, file_number, line_number from raw_usage.events
        union all
        select load_id, delivery_id, file_number, line_number from raw_usage.rejected
    ) as raw
    inner join ops.files as files using (load_id, file_number)
    left join marts.fct_usage_events as facts using (load_id, delivery_id)
    left join ops.event_fates as fates using (load_id, delivery_id)
    order by 1, 2
"""
BALANCE = """
    select sum(received_count) - (select count(*) from marts.fct_usage_events)
        - (select count(*) from ops.event_fates)
    from ops.loads where state = 'landed'
"""
ANY = "*"
LONG_AGO = {"occurred_at": "2025-08-06T00:00:00Z"}


def write_columns(folder: Path) -> dict[str, list[str]]:
    """Writes quantities and times as CSV and as Parquet; returns the fates of each file."""
    fields = list(UsageEvent.model_fields)[:5]
    expected: dict[str, list[str]] = {}
    for name, field_name, values in (("q", "quantity", QUANTITIES), ("t", "occurred_at", TIMES)):
        texts = {v.strip('"'): fate for v, fate in values.items() if v not in ("true", "null")}
        for kind in ("csv", "parquet"):
            rows = [
                {**json.loads(line(f"{kind}{name}{n}")), field_name: text}
                for n, text in enumerate(texts)
            ]
            columns = [[str(row[field]) for row in rows] for field in fields]
            path = folder / f"F0{'7' if name == 'q' else '8'}.{kind}"
            if kind == "csv":
                with path.open("w", newline="") as file:
                    csv.writer(file).writerows([fields, *zip(*columns, strict=True)])
            else:
                pq.write_table(pa.table(dict(zip(fields, columns, strict=True))), path)
            expected[path.name] = list(texts.values())
    return expected


@pytest.fixture(scope="module")
def sent(
    company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    commands: Commands,
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Warehouse, dict[str, list[str]]]:
    """A warehouse to which all bad input was sent in one load, and the fates that each must get."""
    warehouse = clone(company)
    folder = tmp_path_factory.mktemp("bad")
    expected = {}
    for number, case in enumerate(cases()):
        path = folder / f"{number:02}.jsonl"
        path.write_bytes(b"\n".join([*case.lines, line(f"good neighbour {number}")]) + b"\n")
        expected[path.name] = [*case.fates, ACCEPTED]
    expected |= write_columns(folder)
    commands.run("load", warehouse, folder)
    commands.run("build", warehouse)
    return warehouse, expected


@pytest.fixture(scope="module")
def fates(sent: tuple[Warehouse, dict[str, list[str]]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, _, fate in read_as_admin(sent[0], FATES):
        found.setdefault(name, []).append(fate)
    return found


@pytest.mark.parametrize("number", range(len(cases())), ids=[case.name for case in cases()])
def test_every_delivery_gets_the_fate_that_is_written_down(
    sent: tuple[Warehouse, dict[str, list[str]]], fates: dict[str, list[str]], number: int
) -> None:
    name = f"{number:02}.jsonl"
    expected = sent[1][name]
    found = fates[name]
    assert len(found) == len(expected)
    assert [
        (text[:80], fate, wanted)
        for text, fate, wanted in zip([*cases()[number].lines, b""], found, expected, strict=True)
        if fate != wanted and (wanted != ANY or fate == ACCEPTED)
    ] == []


@pytest.mark.parametrize("name", ["F07.csv", "F07.parquet", "F08.csv", "F08.parquet"])
def test_columns_get_the_same_fates_as_lines(
    sent: tuple[Warehouse, dict[str, list[str]]], fates: dict[str, list[str]], name: str
) -> None:
    assert fates[name] == sent[1][name]


def test_counts_balance_and_quantities_are_exact(
    sent: tuple[Warehouse, dict[str, list[str]]],
) -> None:
    warehouse = sent[0]
    assert read_as_admin(warehouse, BALANCE) == [(0,)]
    found = read_as_admin(
        warehouse, "select quantity from marts.fct_usage_events where event_id ~ '^F07 quant'"
    )
    wanted = [Decimal(v.strip('"')) for v, fate in QUANTITIES.items() if fate == ACCEPTED]
    assert sorted(row[0] for row in found) == sorted(wanted)


def test_sums_that_no_column_holds_are_said_and_all_else_is_rated(
    sent: tuple[Warehouse, dict[str, list[str]]],
) -> None:
    charges = "from intermediate.int_charges_rated where month_start = '2026-09-01'"
    problems = read_as_admin(
        sent[0],
        f"select customer_id, price_id, amount_exact, rating_problem {charges}"
        " and rating_problem is not null",
    )
    why = "the quantity is out of range: it has more than 29 digits before the decimal point"
    assert problems == [("gold", "bytes", 0, why)]
    usage = f"{charges} and price_id = 'bytes' and customer_id <> 'gold'"
    others = read_as_admin(sent[0], f"select quantity, amount_exact {usage} order by 1")
    assert others == [(0, 1), (1, Decimal("1.1"))]
    sums = "select sum(quantity_sum) from marts.agg_usage_daily where meter_id = 'bytes'"
    exact = "select sum(quantity) from marts.fct_usage_events where event_type = 'call'"
    assert read_as_admin(sent[0], sums) == read_as_admin(sent[0], exact)


def test_hostile_text_is_the_same_text_everywhere(
    sent: tuple[Warehouse, dict[str, list[str]]],
) -> None:
    warehouse = sent[0]
    found = read_as_admin(
        warehouse,
        "select event_id, properties::jsonb ->> 'model' from marts.fct_usage_events"
        " where event_id like 'F10 %'",
    )
    assert sorted(found) == sorted((f"F10 {text}", text) for text in HOSTILE)
    models = read_as_admin(
        warehouse, "select distinct dimension_key::jsonb ->> 'model' from marts.agg_usage_hourly"
    )
    assert set(HOSTILE) <= {row[0] for row in models}
    quarantined = read_as_admin(
        warehouse, "select distinct customer_id from ops.event_fates where customer_id <> 'gold'"
    )
    assert set(HOSTILE) <= {row[0] for row in quarantined}


def test_an_event_by_file_and_by_http_is_one_event(
    fresh: Callable[[], Warehouse], commands: Commands, tmp_path: Path
) -> None:
    warehouse = fresh()
    both = [line("F05 by both doors"), line("F06 by both doors"), line("F05 long ago", **LONG_AGO)]
    changed = line("F06 by both doors", quantity=2)
    path = tmp_path / "usage.jsonl"
    path.write_bytes(b"\n".join(both))
    commands.run("load", warehouse, path)
    commands.run("build", warehouse)
    change_as_admin(warehouse, "update ops.loads set landed_at = landed_at - interval '400 days'")
    collector = RunningCollector(tmp_path).start()
    try:
        body = b"\n".join(
            [both[0], both[2], changed, b"\xff", line("new", quantity="NaN"), line("good")]
        )
        reply = collector.post(body, key=collector.key())
        assert reply.outcomes == [
            *(
                "accepted",
                "accepted",
                "accepted",
            ),  # to the warehouse they are known, to a collector they are not
            *("invalid_text", "not_a_number", "accepted"),
        ]
    finally:
        assert collector.stop() == 0
    commands.run("collect", warehouse, tmp_path)
    commands.run("build", warehouse)
    fates = sorted(fate for _, _, fate in read_as_admin(warehouse, FATES))
    assert fates == [
        *["accepted"] * 4,
        *("conflicting_duplicate", "duplicate", "duplicate", "invalid_text", "not_a_number"),
    ]
    assert read_as_admin(warehouse, BALANCE) == [(0,)]
