"""A catalog is read exactly, and every fault is refused with its file, line and remedy."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.catalog import CatalogError, read_catalog
from ingestion.catalog.tables import catalog_rows, content_sha256
from warehouse.errors import Problem

CURRENCIES = {"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3}

ENTITY = """\
legal_entities:
  - legal_entity_id: acme
    legal_entity_name: Acme
    country_code: NO
    address: 1 Main Street
    invoice_number_prefix: AC
"""
METERS = """\
meters:
  - meter_id: calls
    meter_name: Calls
    event_type: call
    aggregation: count
    unit: calls
    dimensions: [model, region]
"""
PLANS = """\
plans:
  - plan_id: basic
    plan_name: Basic
    currency_code: USD
    prices:
      - price_id: basic_calls
        label: Calls
        charge_model: per_unit
        meter_id: calls
        versions:
          - valid_from: 2026-01-01
            unit_price: 0.000000000001
"""
CUSTOMERS = """\
customer_id,customer_name,legal_entity_id,country_code,currency_code
c1,"One, Inc.",acme,US,USD
"""
SUBSCRIPTIONS = """\
subscription_id,customer_id,plan_id,starts_on,ends_on
s1,c1,basic,2026-01-01,
"""
POLICY = "duplicate_event_policy"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A small catalog that holds."""
    files = {
        "entities.yaml": ENTITY,
        "meters.yaml": METERS,
        "plans/basic.yaml": PLANS,
        "customers.csv": CUSTOMERS,
        "subscriptions.csv": SUBSCRIPTIONS,
    }
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    return tmp_path


def problems_of(directory: Path, **landed: dict) -> list[Problem]:
    with pytest.raises(CatalogError) as caught:
        read_catalog(directory, currencies=CURRENCIES, **landed)
    return list(caught.value.problems)


def edit(directory: Path, name: str, before: str, after: str) -> None:
    path = directory / name
    content = path.read_text()
    assert before in content
    path.write_text(content.replace(before, after))


def test_a_catalog_is_read_exactly(directory: Path) -> None:
    catalog = read_catalog(directory, currencies=CURRENCIES)
    assert catalog.plans[0].prices[0].versions[0].unit_price == Decimal("0.000000000001")
    assert catalog.legal_entities[0].country_code == "NO"
    assert catalog.legal_entities[0].grace_period_days == 3
    assert catalog.customers[0].customer_name == "One, Inc."
    assert catalog.subscriptions[0].ends_on is None


def test_json_says_the_same_as_yaml(directory: Path) -> None:
    before = content_sha256(read_catalog(directory, currencies=CURRENCIES))
    (directory / "meters.yaml").unlink()
    (directory / "meters.json").write_text(
        '{"meters": [\n\t{"unit": "calls", "meter_id": "calls", "meter_name": "Ca\\u006cls",\n'
        '\t "event_type": "call", "aggregation": "count", "dimensions": ["region", "model"]}]}'
    )
    assert content_sha256(read_catalog(directory, currencies=CURRENCIES)) == before


def test_the_hash_follows_what_is_said_only(directory: Path) -> None:
    before = content_sha256(read_catalog(directory, currencies=CURRENCIES))
    edit(directory, "entities.yaml", "AC\n", f"AC\n    {POLICY}: first_wins\n")
    edit(directory, "plans/basic.yaml", "0.000000000001", "0.0000000000010")
    (directory / "plans/basic.yaml").rename(directory / "all.yml")
    assert content_sha256(read_catalog(directory, currencies=CURRENCIES)) == before
    edit(directory, "all.yml", "0.0000000000010", "0.000000000002")
    assert content_sha256(read_catalog(directory, currencies=CURRENCIES)) != before


def test_rows_hold_every_policy(directory: Path) -> None:
    price = catalog_rows(read_catalog(directory, currencies=CURRENCIES))["prices"][0]
    assert price["filter"] == "{}"
    assert price["free_units"] == 0
    assert price["tier_boundary"] == "inclusive"
    assert price["is_zero_usage_flat_fee_charged"] is False


def test_all_problems_come_at_once_in_file_order(directory: Path) -> None:
    edit(directory, "plans/basic.yaml", "meter_id: calls", "meter_id: cals")
    edit(directory, "customers.csv", ",acme,", ",nobody,")
    edit(directory, "subscriptions.csv", "2026-01-01", "2026-13-01")
    found = problems_of(directory)
    places = [(Path(item.file).name, item.line, item.field) for item in found]
    assert places == [
        ("customers.csv", 2, "legal_entity_id"),
        ("basic.yaml", 9, "prices[1].meter_id"),
        ("subscriptions.csv", 2, "starts_on"),
    ]
    assert all(item.remedy for item in found)


TIERED = """\
      - price_id: tiered
        label: Tiered
        charge_model: graduated
        meter_id: calls
        filter: {model: x}
        versions:
          - valid_from: 2026-01-01
            tiers:
"""
SECOND = """\
      - price_id: second
        label: Second
        charge_model: per_unit
        meter_id: calls
        filter: %s
        versions:
          - {valid_from: 2026-06-01, unit_price: 1}
"""
OPEN_TIER = "              - {unit_price: 1}\n"


def tiers(*rows: str) -> str:
    return TIERED + "".join(f"              - {{{row}}}\n" for row in rows)


@pytest.mark.parametrize(
    ("added", "line", "message"),
    [
        (tiers("up_to: 10, unit_price: 1"), 21, "the last tier ends at 10"),
        (tiers("up_to: 10", "up_to: 10", ""), 22, "10 is not above 10"),
        (tiers("up_to: 10", "unit_price: 2", "unit_price: 1"), 22, "is open but not the last"),
        (tiers("up_to: 10, unit_price: -1", ""), 21, "-1 is negative"),
        (tiers("up_to: 1e3", ""), 21, "'1e3' is not a number"),
        (tiers("up_to: 0", ""), 21, "is zero"),
        (tiers("up_to: 0.0000000001", ""), 21, "more than 9 decimal places"),
        (tiers("up_to: 10, price: 1", ""), 21, "is not a known field"),
        (TIERED.replace("model: x", "colour: x") + OPEN_TIER, 17, "no dimension 'colour'"),
        (TIERED.replace("graduated", "stairs") + OPEN_TIER, 15, "'stairs' is unknown"),
        (TIERED + OPEN_TIER + "        tier_boundary: outside\n", 22, "'outside' is unknown"),
        (TIERED + OPEN_TIER + SECOND % "{model: x}", 22, "the same filter from 2026-06-01"),
        (TIERED + OPEN_TIER + SECOND % "{region: eu}", 22, "equally specific filters"),
        (SECOND % "{}", 13, "the same filter from 2026-06-01"),
        (
            SECOND % "{model: x}" + "          - {valid_from: 2026-05-01, unit_price: 2}\n",
            19,
            "two versions on 2026-06-01: the one from 2026-05-01 is open-ended",
        ),
        (
            SECOND % "{model: x}"
            + "          - {valid_from: 2026-05-01, valid_to: 2026-05-31, unit_price: 2}\n",
            20,
            "no version in [2026-05-31, 2026-06-01)",
        ),
        ("      - price_id: basic_calls\n        label: x\n", 13, "charge_model"),
    ],
)
def test_a_wrong_price_is_refused(directory: Path, added: str, line: int, message: str) -> None:
    (directory / "plans/basic.yaml").write_text(PLANS + added)
    found = [item for item in problems_of(directory) if message in f"{item.field} {item.message}"]
    assert [item.line for item in found] == [line]
    assert Path(found[0].file).name == "basic.yaml"
    assert found[0].remedy


@pytest.mark.parametrize(
    "filters", [("{model: x}", "{model: y}"), ("{model: x}", "{model: x, region: eu}")]
)
def test_exclusive_or_more_specific_filters_are_fine(
    directory: Path, filters: tuple[str, str]
) -> None:
    both = (SECOND % filters[0]) + (SECOND % filters[1]).replace("second", "third")
    (directory / "plans/basic.yaml").write_text(PLANS + both)
    assert len(read_catalog(directory, currencies=CURRENCIES).plans[0].prices) == 3


@pytest.mark.parametrize(
    ("name", "before", "after", "line", "message"),
    [
        ("entities.yaml", "AC\n", "AC\n    grace_period_days: 32\n", 7, "less than or equal to 31"),
        ("entities.yaml", "AC\n", "AC\n    rounding_mode: up\n", 7, "'up' is unknown"),
        ("entities.yaml", "AC\n", f"AC\n    {POLICY}: last\n", 7, "'last' is unknown"),
        ("entities.yaml", "AC\n", "AC\n    rounding: up\n", 7, "is not a known field"),
        ("entities.yaml", "  - legal_entity_id: acme\n    legal", "  - legal", 2, "is missing"),
        ("entities.yaml", "NO", "Norway", 4, "does not fit"),
        ("entities.yaml", "name: Acme", "name: [Acme]", 3, "is not text"),
        ("entities.yaml", "legal_entities", "legal_entity", 1, "unknown section"),
        ("entities.yaml", "address: 1", "country_code: DE\n    address: 1", 5, "is written twice"),
        ("entities.yaml", "address: 1", 'address: "1', 7, "cannot be read"),
        ("meters.yaml", "count", "average", 5, "'average' is unknown"),
        ("meters.yaml", "[model, region]", "[model, model]", 2, "names a dimension twice"),
        ("meters.yaml", "unit: calls", "unit: calls\n    reconciles_with: x", 2, "by half"),
        ("plans/basic.yaml", "USD", "XXX", 4, "currency 'XXX' is unknown"),
        ("plans/basic.yaml", "unit_price", "unitprice", 12, "is not a known field"),
        ("plans/basic.yaml", "0.000000000001", "0.0000000000001", 12, "more than 12 decimal"),
        ("plans/basic.yaml", "0.000000000001", "-0.5", 12, "-0.5 is negative"),
        ("plans/basic.yaml", "2026-01-01", "2026-01-01\n            valid_to: 2026-01-01", 11, ""),
        ("customers.csv", "USD", "EUR", 2, "billed in EUR"),
        ("customers.csv", "c1,", "c1,x,", 2, "has 6 cells"),
        ("customers.csv", "customer_name", "name", 2, "is not a known field"),
        ("customers.csv", "c1,", "c2,", 2, "customer 'c1' is unknown"),
        ("subscriptions.csv", "01-01,", "01-01,2025-12-31", 2, "is not after"),
        ("subscriptions.csv", "s1", "s1,c1,basic,2025-01-01,2025-02-01\ns1", 3, "already given"),
        ("subscriptions.csv", "s1", "s0,c1,basic,2025-01-01,\ns1", 3, "already on plan 'basic'"),
    ],
)
def test_a_wrong_entry_is_refused(
    directory: Path, name: str, before: str, after: str, line: int, message: str
) -> None:
    edit(directory, name, before, after)
    found = [item for item in problems_of(directory) if message in item.message]
    assert line in [item.line for item in found]
    assert all(item.remedy and item.file for item in found)


def test_a_known_field_is_suggested(directory: Path) -> None:
    edit(directory, "plans/basic.yaml", "unit_price", "unitprice")
    remedies = [item.remedy for item in problems_of(directory)]
    assert any(remedy.startswith("did you mean unit_price?") for remedy in remedies)


def test_two_plans_at_once_may_not_price_the_same_meter(directory: Path) -> None:
    copy = PLANS.replace("plans:\n", "").replace("basic", "other")
    (directory / "plans/basic.yaml").write_text(PLANS + copy)
    (directory / "subscriptions.csv").write_text(SUBSCRIPTIONS + "s2,c1,other,2026-03-01,\n")
    assert [item.line for item in problems_of(directory)] == [3]
    edit(directory, "subscriptions.csv", "2026-01-01,", "2026-01-01,2026-03-01")
    assert len(read_catalog(directory, currencies=CURRENCIES).subscriptions) == 2


@pytest.mark.parametrize(
    "field", ["event_type", "aggregation", "dimensions", "counted_property", "percentile"]
)
def test_a_landed_meter_never_measures_something_else(directory: Path, field: str) -> None:
    meter = read_catalog(directory, currencies=CURRENCIES).meters[0]
    other = {"event_type": "x", "aggregation": "sum", "dimensions": ("model",)}
    other |= {"counted_property": "user", "percentile": 95}
    landed = {"calls": meter.model_copy(update={field: other[field]})}
    assert [item.field for item in problems_of(directory, landed_meters=landed)] == [field]


def test_a_catalog_without_files_or_entries_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="There is no catalog directory"):
        read_catalog(tmp_path / "none", currencies=CURRENCIES)
    assert len(problems_of(tmp_path)) == 2
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    assert "not UTF-8" in problems_of(tmp_path)[0].message


def test_an_alias_cannot_blow_up_a_catalog(directory: Path) -> None:
    (directory / "loop.yaml").write_text("meters: &all\n  - *all\n")
    assert any("by alias" in item.message for item in problems_of(directory))
