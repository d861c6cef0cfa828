"""Each expectation on a landed load holds for a good load and fails when its fault is planted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import NullPool

from expectations import LandingReport, LandingThresholds, Severity, check_landing
from expectations.load_queries import event_types_query, figures_query
from warehouse import MeterhouseError, Warehouse

LANDED_AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)
AS_OF = LANDED_AT + timedelta(hours=1)
EVENTS = 40

GOOD_LOAD = f"""
delete from raw_usage.events;
delete from raw_usage.rejected;
delete from ops.files;
delete from ops.loads;
delete from ops.catalog_versions;
delete from raw_catalog.meters;
delete from raw_catalog.customers;

insert into ops.loads overriding system value values
    (6, 'landed', 'files', 'm', 'x', 0, 0, 0, null, '{LANDED_AT}', '{LANDED_AT}'),
    (7, 'landed', 'files', 'm', 'x', 44, {EVENTS}, 4, null, '{LANDED_AT}', '{LANDED_AT}'),
    (8, 'landing', 'files', 'm', 'x', null, null, null, null, '{LANDED_AT}', null);
insert into ops.files values
    ('f', 'm', 7, 1, 'one.csv', 1, 30, 30, 30, 0),
    ('g', 'm', 7, 2, 'two.csv', 1, 14, 14, 10, 4);
insert into raw_usage.events
    select 7, 'd' || n, 1, n, 'customer-' || n % 3, 'e' || n,
        case n % 2 when 0 then 'request' else 'session' end,
        timestamptz '2026-03-01 00:00:00+00' + n * interval '1 hour', 1.5, '{{}}'
    from generate_series(1, {EVENTS}) as n;
insert into raw_usage.rejected
    select 7, 'r' || n, 2, n, 'malformed_json', '', '' from generate_series(1, 4) as n;
insert into ops.catalog_versions overriding system value values
    (1, 'x', 'landed', 'files', '{LANDED_AT}', '{LANDED_AT}'),
    (2, 'y', 'landed', 'files', '{LANDED_AT}', '{LANDED_AT}');
insert into raw_catalog.meters
    select 2, type, type, type, 'count', 'event', '[]', null, null
    from unnest(array['request', 'session']) as type;
insert into raw_catalog.customers
    select 2, 'customer-' || n, 'Customer', 'entity', 'DE', 'EUR' from generate_series(0, 2) as n;
"""

FAULTS = {
    "event_volume_matches_the_load": (
        "delete from raw_usage.events where delivery_id = 'd3'",
        1,
    ),
    "rejected_volume_matches_the_load": (
        "insert into raw_usage.rejected values (7, 'r9', 2, 9, 'malformed_json', '', '')",
        1,
    ),
    "received_volume_matches_the_files": (
        "update ops.files set received_count = 31 where file_sha256 = 'f'",
        1,
    ),
    "deliveries_are_unique": (
        "update raw_usage.events set delivery_id = 'd1' where delivery_id = 'd2'",
        1,
    ),
    "newest_load_is_fresh": (
        "update ops.loads set landed_at = landed_at - interval '3 days' where state = 'landed'",
        3 * 86400 + 3600,
    ),
    "quantities_are_numbers": (
        "update raw_usage.events set quantity = 'NaN' where delivery_id in ('d1', 'd2')",
        2,
    ),
    "occurred_at_is_in_range": (
        "update raw_usage.events set occurred_at = '1999-12-31 23:59:59+00' "
        "where delivery_id = 'd1'",
        1,
    ),
    "rejected_share_is_small": (
        "insert into raw_usage.rejected select 7, 'x' || n, 2, n, 'malformed_json', '', '' "
        "from generate_series(1, 30) as n; "
        "update ops.files set received_count = 44 where file_sha256 = 'g'; "
        "update ops.loads set received_count = 74, rejected_count = 34 where load_id = 7",
        460,
    ),
    "late_share_is_small": (
        "insert into ops.closes (legal_entity_id, period_start, period_end, closed_at, "
        "catalog_version, applied_loads, invoice_count, line_count) "
        "values ('entity', '2026-02-01', '2026-03-01', '2026-03-04', 1, '{}', 0, 0); "
        "update raw_usage.events set occurred_at = '2026-02-28 23:59:59+00' "
        "where line_number <= 4",
        100,
    ),
    "event_types_are_known": (
        "update raw_usage.events set event_type = 'telepathy' where delivery_id = 'd1'",
        1,
    ),
}
WARNINGS = {
    "newest_load_is_fresh",
    "occurred_at_is_in_range",
    "late_share_is_small",
    "event_types_are_known",
}


@pytest.fixture(scope="module")
def planted(make_warehouse: Callable[[], Warehouse]) -> Callable[[str], Warehouse]:
    """Returns a function that makes a warehouse with one good load, then plants a fault."""
    warehouse = make_warehouse()

    def plant(fault: str) -> Warehouse:
        with administrator(warehouse).begin() as connection:
            connection.exec_driver_sql("alter table ops.closes disable trigger user")
            connection.exec_driver_sql("truncate ops.closes")
            connection.exec_driver_sql("alter table ops.closes enable trigger user")
            connection.connection.cursor().execute(GOOD_LOAD + fault)
        return warehouse

    return plant


def administrator(warehouse: Warehouse) -> Engine:
    return create_engine(warehouse.admin_url, poolclass=NullPool)


def check(warehouse: Warehouse, *, as_of: datetime = AS_OF) -> LandingReport:
    return check_landing(warehouse, 7, as_of=as_of, thresholds=LandingThresholds())


def test_a_good_load_meets_every_expectation(planted: Callable[[str], Warehouse]) -> None:
    report = check(planted(""))
    assert report.success
    assert report.failures == ()
    assert {result.name for result in report.results} == set(FAULTS)


@pytest.mark.parametrize("name", FAULTS)
def test_an_expectation_fails_when_its_fault_is_planted(
    planted: Callable[[str], Warehouse], name: str
) -> None:
    fault, observed = FAULTS[name]
    report = check(planted(fault))
    failed = {result.name: result for result in report.failures}
    assert set(failed) == {name}
    assert failed[name].observed == observed
    assert (failed[name].severity is Severity.WARNING) == (name in WARNINGS)
    assert report.success == (name in WARNINGS)


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        (
            "update raw_usage.events set occurred_at = '2026-03-06 12:00:00+00' "
            "where delivery_id = 'd1'",
            "occurred_at_is_in_range",
        ),
        ("delete from raw_catalog.meters", "event_types_are_known"),
    ],
)
def test_an_expectation_fails_at_its_other_edge(
    planted: Callable[[str], Warehouse], fault: str, name: str
) -> None:
    assert [result.name for result in check(planted(fault)).failures] == [name]


def test_unknown_event_types_are_named(planted: Callable[[str], Warehouse]) -> None:
    fault, _ = FAULTS["event_types_are_known"]
    (failure,) = check(planted(fault)).failures
    assert failure.examples == ("telepathy",)


def test_freshness_is_measured_to_the_given_instant(planted: Callable[[str], Warehouse]) -> None:
    warehouse = planted("")
    edge = LANDED_AT + timedelta(hours=LandingThresholds().newest_load_max_age_hours)
    assert check(warehouse, as_of=edge).failures == ()
    late = check(warehouse, as_of=edge + timedelta(seconds=1))
    assert [result.name for result in late.failures] == ["newest_load_is_fresh"]


def test_a_load_of_nothing_is_checked(planted: Callable[[str], Warehouse]) -> None:
    assert check_landing(planted(""), 6, as_of=AS_OF).failures == ()


@pytest.mark.parametrize(("load_id", "message"), [(99, "There is no load 99"), (8, "not landed")])
def test_a_load_that_has_not_landed_is_an_error_of_the_user(
    planted: Callable[[str], Warehouse], load_id: int, message: str
) -> None:
    with pytest.raises(MeterhouseError, match=message):
        check_landing(planted(""), load_id, as_of=AS_OF)


def test_as_of_needs_a_zone(planted: Callable[[str], Warehouse]) -> None:
    with pytest.raises(ValueError, match="zone"):
        check_landing(planted(""), 7, as_of=AS_OF.replace(tzinfo=None))


@pytest.mark.parametrize(
    "query",
    [figures_query(7, catalog_version=2, as_of=AS_OF), event_types_query(7)],
    ids=["figures", "event_types"],
)
def test_a_query_reads_one_load_only(planted: Callable[[str], Warehouse], query: str) -> None:
    with administrator(planted("")).connect() as connection:
        connection.exec_driver_sql("set enable_seqscan = off")
        plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"explain {query}"))
    assert "Index Scan on events_load_id" in plan
    assert "Seq Scan on events" not in plan
    assert "Seq Scan on rejected" not in plan
