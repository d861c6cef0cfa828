"""A data set's customers are enrolled from its files, and the shipped examples hold."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ingestion.catalog import read_catalog
from ingestion.catalog.enrolment import Enrolment, enrol_customers
from ingestion.datasets import enrolled_catalog, find_customers, read_dataset
from warehouse.errors import MeterhouseError

EXAMPLES = Path(__file__).parents[3] / "examples"
DATASETS = sorted(path.parent.name for path in EXAMPLES.glob("*/dataset.yaml"))
FORGE = EXAMPLES / "gharchive_events"
LINES = """\
{"id":"1","type":"PushEvent","created_at":"2015-01-01T00:00:00Z","actor_id":7,"org_id":null,"payload":{"size":2}}
{"id":"2","type":"WatchEvent","created_at":"2015-01-01T00:00:01Z","actor_id":7,"org_id":5,"payload":{}}
{"id":"3","type":"WatchEvent","created_at":"2015-01-01T00:00:01Z","actor_id":7,"org_id":null,"payload":{}}
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one small file of GH Archive's form."""
    folder = tmp_path / "gharchive_events"
    folder.mkdir()
    (folder / "hour.jsonl").write_text(LINES)
    return folder


def test_customers_are_those_that_the_files_name(data: Path) -> None:
    found = find_customers([data / "hour.jsonl"], EXAMPLES / "mappings" / "gharchive.yaml")
    assert set(found) == {"5", "7"}


def test_a_data_set_gives_the_same_catalog_again(data: Path, tmp_path: Path) -> None:
    (data / "hour.jsonl").rename(data / "hour.jsonl.gz.txt")
    with pytest.raises(MeterhouseError, match="no files"):
        read_dataset(FORGE, data=data)
    (data / "hour.jsonl.gz.txt").rename(data / "hour.jsonl")
    dataset = read_dataset(copy_for_plain_files(tmp_path), data=data)
    first = enrolled_catalog(dataset, target=tmp_path / "work")
    contents = {path.name: path.read_bytes() for path in first.directory.iterdir()}
    again = enrolled_catalog(dataset, target=tmp_path / "work")
    assert {path.name: path.read_bytes() for path in again.directory.iterdir()} == contents
    assert again.customer_count == 2
    catalog = read_catalog(again.directory)
    assert [customer.customer_id for customer in catalog.customers] == ["5", "7"]
    assert {item.plan_id for item in catalog.subscriptions} == {"activity"}


def copy_for_plain_files(tmp_path: Path) -> Path:
    """The example's description for files that are not compressed."""
    folder = tmp_path / "examples" / "gharchive_events"
    folder.mkdir(parents=True)
    text = (FORGE / "dataset.yaml").read_text().replace("*.jsonl.gz", "*.jsonl")
    mapping = str(EXAMPLES / "mappings" / "gharchive.yaml")
    (folder / "dataset.yaml").write_text(text.replace("../mappings/gharchive.yaml", mapping))
    (folder / "catalog").symlink_to(FORGE / "catalog")
    return folder


def test_an_unknown_or_wrong_data_set_is_refused_with_a_remedy(data: Path, tmp_path: Path) -> None:
    with pytest.raises(MeterhouseError, match="gharchive_events"):
        read_dataset(EXAMPLES / "nothing", data=data)
    folder = copy_for_plain_files(tmp_path)
    path = folder / "dataset.yaml"
    path.write_text(path.read_text().replace("period: 2015-01", "period: January"))
    with pytest.raises(MeterhouseError, match=r"dataset\.yaml:13: closes\.0\.period"):
        read_dataset(folder, data=data)


def test_enrolling_gives_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    enrolment = Enrolment("e", "US", "USD", "p", date(2026, 9, 1))
    assert enrol_customers(tmp_path, ["b", "a", 'c,"d"', "b"], enrolment) == ["a", "b", 'c,"d"']
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    enrol_customers(tmp_path, ['c,"d"', "b", "a"], enrolment)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert sorted(before) == ["customers.csv", "subscriptions.csv"]


@pytest.mark.parametrize("name", DATASETS)
def test_every_shipped_data_set_is_ready(name: str, shared_data: Path, tmp_path: Path) -> None:
    dataset = read_dataset(EXAMPLES / name, data=shared_data / name)
    enrolled = enrolled_catalog(dataset, target=tmp_path)
    assert len(read_catalog(enrolled.directory).customers) == enrolled.customer_count
    known = {"ev_norway_sessions": 12, "gharchive_events": 6146, "servegen_llm_usage": 422}
    assert enrolled.customer_count == known[name]


def test_the_sample_company_shows_everything() -> None:
    catalog = read_catalog(EXAMPLES / "llm_api" / "catalog")
    assert len(catalog.customers) == 300
    prices = [price for plan in catalog.plans for price in plan.prices]
    models = {price.charge_model for price in prices}
    assert models == {"flat", "per_unit", "graduated", "volume", "package"}
    assert {customer.currency_code for customer in catalog.customers} == {"USD", "EUR", "JPY"}
    changes = {version.valid_from for price in prices for version in price.versions[1:]}
    assert {day.day for day in changes} == {1, 16}
    assert any(item.ends_on and item.ends_on.day > 1 for item in catalog.subscriptions)
