"""A day of real usage that comes again changes no fact and no invoice, whatever it comes as."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from ingestion.catalog import load_catalog
from ingestion.datasets import enrolled_catalog, read_dataset
from ingestion.loads import load_files
from tests.conftest import PROJECT_ROOT
from tests.drafting import LOADS_ONLY, build
from tests.dumps import ADMITTED, AGGREGATED, DRAFTED, dump
from warehouse import Role, Warehouse

COMPARED = {
    **{name: query for name, query in ADMITTED.items() if name != "fates"},
    **AGGREGATED,
    **DRAFTED,
}


@pytest.mark.shared_data
def test_a_day_sent_again_by_name_and_by_order_changes_nothing(
    deployed: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    shared_data: Path,
    tmp_path: Path,
) -> None:
    warehouse = clone(deployed)
    data = shared_data / "servegen_llm_usage"
    dataset = read_dataset(PROJECT_ROOT / "examples" / data.name, data=data)
    load_catalog(warehouse, enrolled_catalog(dataset, target=tmp_path).directory)
    mapping, day = dataset.sources[0].mapping, dataset.sources[0].paths[0]
    first = load_files(warehouse, [day], mapping)
    build(warehouse, LOADS_ONLY)
    before = dump(warehouse, COMPARED)
    assert before["facts"].count("\n") == first.event_count + 1

    renamed = tmp_path / "another name.csv.gz"
    renamed.write_bytes(day.read_bytes())
    again = load_files(warehouse, [day, renamed], mapping)
    assert again.load_id is None
    assert len(again.known_files) == 2

    header, *rows = gzip.decompress(day.read_bytes()).decode().splitlines()
    random.Random(1).shuffle(rows)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([header, *rows]) + "\n")
    third = load_files(warehouse, [shuffled], mapping)
    assert third.event_count == first.event_count
    build(warehouse, LOADS_ONLY)
    assert dump(warehouse, COMPARED) == before
    duplicates = "select count(*) from ops.event_fates where load_id = :load_id"
    with warehouse.engine(Role.TRANSFORMER).connect() as connection:
        counted = connection.execute(text(duplicates), {"load_id": third.load_id}).scalar_one()
    assert counted == first.event_count
