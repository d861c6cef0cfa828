"""However usage arrives, the tables end as one load of everything would make them."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from ingestion.catalog import load_catalog
from tests.catalog_files import write_catalog
from tests.conftest import run_dbt
from tests.drafting import LOADS_ONLY, build, land, line_of, read_rows
from tests.oracle.contracts import random_catalog, random_events
from warehouse import Role, Warehouse

SEED = 77
CUSTOMERS = 25
LOADS = 5
BUILT_AFTER = (1, 2, 5)  # so that some builds find one load to apply, and some several
QUERIES = {
    "facts": "select customer_id, event_id, event_type, occurred_at, quantity, properties::text"
    " from marts.fct_usage_events order by customer_id, event_id",
    "hourly": "select customer_id, meter_id, dimension_key, hour_start,"
    " sum(event_count) as event_count, sum(quantity_sum) as quantity_sum,"
    " max(quantity_max) as quantity_max from marts.agg_usage_hourly"
    " group by customer_id, meter_id, dimension_key, hour_start"
    " order by customer_id, meter_id, dimension_key, hour_start",
    "daily": "select * from marts.agg_usage_daily"
    " order by customer_id, meter_id, dimension_key, usage_date",
    "monthly": "select * from marts.agg_usage_monthly"
    " order by customer_id, meter_id, dimension_key, usage_month",
    "latest": "select * from marts.agg_usage_latest_daily order by 1, 2, 3, 4",
    "values": "select * from marts.agg_usage_values_daily order by 1, 2, 3, 4, 5",
    "quantities": "select * from marts.agg_usage_quantities_daily order by 1, 2, 3, 4, 5",
    "levels": "select * from marts.agg_usage_levels_daily order by 1, 2, 3, 4",
    "lines": "select * from reporting.rpt_invoice_lines order by line_key",
    "tiers": "select * from reporting.rpt_invoice_line_tiers order by line_key, tier_number",
    "fates": "select fate, sum(delivery_count) as n from reporting.rpt_event_fates group by fate",
    "invoices": "select * from reporting.rpt_invoice_register order by invoice_key",
}


Dump = dict[str, list[dict[str, Any]]]


def dump(warehouse: Warehouse) -> Dump:
    """Everything that must not depend on the way usage arrived, which load ids do."""
    return {
        name: [
            {column: value for column, value in row.items() if not column.endswith("load_id")}
            for row in read_rows(warehouse, query, Role.TRANSFORMER)
        ]
        for name, query in QUERIES.items()
    }


def deliveries(seed: int) -> tuple[list[str], list[str]]:
    """Return good lines in order of their time, and lines that come to nothing."""
    catalog = random_catalog(seed, customers=CUSTOMERS)
    events = random_events(seed, catalog, per_customer=30)
    strange = [
        replace(events[0], customer_id="nobody"),
        replace(events[1], event_type="nothing"),
        replace(events[2], event_id="too early", occurred_at=events[2].occurred_at.replace(1999)),
    ]
    bad = [json.dumps(line_of(event)) for event in strange]
    bad += ['{"event_id": 1', json.dumps(line_of(events[3]) | {"quantity": "many"})]
    ordered = sorted(events, key=lambda event: event.occurred_at)
    return [json.dumps(line_of(event)) for event in ordered], bad


def write_lines(path: Path, lines: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def scattered(good: list[str], bad: list[str], seed: int) -> list[list[str]]:
    """Return the same lines shuffled over several loads, some delivered two or three times."""
    rng = random.Random(seed)
    lines = good + bad + rng.sample(good, len(good) // 4) + rng.sample(good, len(good) // 10)
    rng.shuffle(lines)
    loads: list[list[str]] = [[] for _ in range(LOADS)]
    for line in lines:
        loads[rng.randrange(LOADS)].append(line)
    return loads


@dataclass(frozen=True)
class Arrivals:
    """What one load makes, and what the same lines make shuffled, repeated, delayed and split."""

    whole: Dump
    split: Dump
    split_warehouse: Warehouse


@pytest.fixture(scope="module")
def both(
    make_warehouse: Callable[[], Warehouse], tmp_path_factory: pytest.TempPathFactory
) -> Arrivals:
    """Lands the same lines both ways."""
    folder = tmp_path_factory.mktemp("arrivals")
    catalog = write_catalog(folder / "catalog", random_catalog(SEED, customers=CUSTOMERS))
    good, bad = deliveries(SEED)
    whole, split = make_warehouse(), make_warehouse()
    for warehouse in (whole, split):
        load_catalog(warehouse, catalog)
    land(whole, [write_lines(folder / "all.jsonl", good + bad)])
    build(whole)
    for number, lines in enumerate(scattered(good, bad, SEED), start=1):
        half = len(lines) // 2
        parts = {"first": lines[:half], "second": lines[half:]}
        land(
            split,
            [write_lines(folder / f"{number}_{name}.jsonl", part) for name, part in parts.items()],
        )
        if number == BUILT_AFTER[0]:
            build(split)
        elif number in BUILT_AFTER:
            build(split, LOADS_ONLY)
    return Arrivals(dump(whole), dump(split), split)


@pytest.mark.parametrize("name", [name for name in QUERIES if name != "fates"])
def test_the_tables_are_equal(both: Arrivals, name: str) -> None:
    assert both.whole[name], "there is nothing to compare"
    assert both.split[name] == both.whole[name]


def test_every_delivery_has_one_fate(both: Arrivals) -> None:
    good, bad = deliveries(SEED)
    repeated = len(good) // 4 + len(good) // 10
    whole, split = (
        {row["fate"]: row["n"] for row in each["fates"]} for each in (both.whole, both.split)
    )
    assert whole == {"accepted": len(good), "quarantined": len(bad)}
    assert split == {"accepted": len(good), "duplicate": repeated, "quarantined": len(bad)}


ROUNDS = "select customer_ids from ops.rating_rounds order by round_id desc limit 1"
PROOF = ("test", "--select", "assert_rated_equals_rebuild")


def test_only_the_touched_customer_is_rated_again_and_all_is_as_if_made_anew(
    both: Arrivals, tmp_path: Path
) -> None:
    warehouse = both.split_warehouse
    good, _ = deliveries(SEED)
    line = json.loads(good[len(good) // 2]) | {"event_id": "one more", "quantity": "7"}
    line["properties"] = dict.fromkeys(line.get("properties", {}), "never seen")  # so new cells
    land(warehouse, [write_lines(tmp_path / "one.jsonl", [json.dumps(line)])])
    build(warehouse, LOADS_ONLY)
    assert read_rows(warehouse, ROUNDS, Role.TRANSFORMER) == [
        {"customer_ids": [line["customer_id"]]}
    ]
    run_dbt(warehouse, *PROOF)
    with warehouse.engine(Role.TRANSFORMER).begin() as connection:
        connection.execute(
            text(
                "delete from intermediate.int_charges_rated where customer_id ="
                " (select min(customer_id) from intermediate.int_charges_rated)"
            )
        )
    assert run_dbt(warehouse, *PROOF, check=False).returncode != 0
