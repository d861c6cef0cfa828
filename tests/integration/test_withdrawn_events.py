"""Events that are withdrawn leave facts and aggregates as if they had never come."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from audit.reconciliation import reconcile
from audit.tracing import trace
from tests.dbt_company import ENTITY, VALUED_METERS, catalog
from tests.dbt_harness import Event, close, dbt, insert_load, install_catalog, read_as_admin
from tests.drafting import LOADS_ONLY
from warehouse import Warehouse

NOON = "2026-08-20T12:{:02}:00+00:00"
NEXT = "2026-09-02T00:00:00+00:00"
KEPT = {
    "facts": "select customer_id, event_id, occurred_at, quantity, properties"
    " from marts.fct_usage_events where event_type <> 'event.voided' order by 1, 2",
    "hourly": "select customer_id, meter_id, dimension_key, hour_start, sum(event_count),"
    " sum(quantity_sum), max(quantity_max) from marts.agg_usage_hourly"
    " group by 1, 2, 3, 4 order by 1, 2, 3, 4",
    **{
        name: f"select * from marts.agg_usage_{name} order by 1, 2, 3, 4, 5"
        for name in ("daily", "monthly", "latest_daily", "values_daily", "quantities_daily")
    },
    "levels": "select * from marts.agg_usage_levels_daily order by 1, 2, 3, 4",
    "drafts": "select customer_id, line_key, amount_minor, quantity"
    " from intermediate.int_invoice_lines_drafted order by 1, 2",
}
PROOFS = (
    "assert_aggregates_equal_rebuild",
    "assert_values_equal_rebuild",
    "assert_hourly_equals_facts",
    "assert_facts_are_what_was_accepted",
    "assert_aggregates_hold_the_same_usage",
    "assert_values_hold_the_same_usage",
    "assert_accepted_usage_has_one_fate",
)


def usage(prefix: str, value: int) -> list[Event]:
    """Return one event of each type, all in the same hour; the value is what they say."""
    level = Event("iron", f"{prefix}l", NOON.format(value), str(value), "level")
    user = f'{{"user": "{prefix}"}}'
    return [
        Event("iron", f"{prefix}c", NOON.format(value), str(value)),
        level,
        Event("iron", f"{prefix}j", NEXT, str(value), "job"),
        Event("iron", f"{prefix}v", NOON.format(value), event_type="visit", properties=user),
    ]


def voids(*targets: str, prefix: str = "void ") -> list[Event]:
    return [
        Event(
            "iron",
            prefix + target,
            NEXT,
            event_type="event.voided",
            properties=f'{{"voids": "{target}"}}',
        )
        for target in targets
    ]


def revised(event_id: str, kind: str, quantity: str, at: str, user: str = "") -> Event:
    properties = f'{{"user": "{user}"}}' if user else '{"model": "m"}'
    return Event("gold", event_id, at, quantity, kind, properties)


LOW, HIGH, LATE = usage("low", 1), usage("high", 30), usage("late", 20)
NAMED = tuple(event.event_id for event in (*HIGH, *LATE))
# the greatest is withdrawn after its load, some of a load in itself, some before they come
VOIDED = (
    [*LOW, *HIGH],
    [*voids(*NAMED[:4]), *voids("highc", prefix="again "), *voids("nothing", "void highc")],
    [*voids(*NAMED[4:6])],
    [*LATE, *voids(*NAMED[6:])],
)
AUGUST, NIGHT = NOON.format(5), "2026-08-21T00:30:00+00:00"
CALLS = [revised("r1", "call", quantity, at) for quantity, at in (("90", AUGUST), ("50", NIGHT))]
LEVELS = [revised("r2", "level", quantity, AUGUST) for quantity in ("80", "9", "70")]
VISITS = [revised("r4", "visit", "1", AUGUST, user) for user in ("ann", "bob")]
LAST = [
    revised("r1", "call", "7", AUGUST),
    revised("r2", "level", "3", NIGHT),
    revised("r3", "job", "4", NEXT),
    revised("r4", "visit", "1", NIGHT, "cid"),
]
SUPERSEDED = (
    [CALLS[0], LEVELS[0], revised("r3", "job", "5", NEXT), VISITS[0]],
    # what comes again is a duplicate, however often
    [CALLS[1], CALLS[0], CALLS[1], LEVELS[1], LEVELS[2], VISITS[1]],
    [LAST[0], CALLS[1], LAST[1], LEVELS[1], VISITS[0]],
    [*LAST[2:], LAST[0], *VISITS],
)
LOADS = tuple([*one, *other] for one, other in zip(VOIDED, SUPERSEDED, strict=True))
LAST_WINS = {"duplicate_event_policy": "last_wins_until_close"}


def build_loads(warehouse: Warehouse, loads: Sequence[list[Event]], *, each: bool) -> Warehouse:
    given = catalog(more_meters=VALUED_METERS)
    given["legal_entities"][0] |= LAST_WINS
    install_catalog(warehouse, given)
    for events in loads:
        insert_load(warehouse, events)
        if each:
            built(warehouse)
    if not each:
        built(warehouse)
    return warehouse


def built(warehouse: Warehouse) -> None:
    code, said = dbt(warehouse, "build", *LOADS_ONLY)
    assert code == 0, said[-2000:]


def kept(warehouse: Warehouse) -> dict[str, object]:
    return {name: read_as_admin(warehouse, query) for name, query in KEPT.items()}


@pytest.fixture(scope="module")
def withdrawn(deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    return build_loads(clone(deployed), LOADS, each=True)


def test_what_is_left_is_as_if_the_rest_had_never_come(
    withdrawn: Warehouse, deployed: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    pure = kept(build_loads(clone(deployed), [[*LOW, *LAST]], each=False))
    assert kept(withdrawn) == pure
    # voids come before what they void; only of payloads does the order count
    one_load = [event for load in (*VOIDED[::-1], *SUPERSEDED) for event in load]
    assert kept(build_loads(clone(deployed), [one_load], each=False)) == pure


def test_every_delivery_keeps_one_fate(withdrawn: Warehouse) -> None:
    found = reconcile(withdrawn)
    # these loads come from no file
    assert [hop.name for hop in found.differences] == ["files", "raw rows"]
    counted = [0, 0, 0, 0]
    for row in found.balances:
        counts = (row.received, row.accepted, row.duplicate, row.withdrawn)
        counted = [one + other for one, other in zip(counted, counts, strict=True)]
    received = sum(len(load) for load in LOADS)
    assert counted == [received, received - 8, 8, 16]
    facts = read_as_admin(withdrawn, "select count(*) from marts.fct_usage_events")
    assert facts == [(received - 8 - 16,)]


def test_both_payloads_and_every_void_stay_visible(withdrawn: Warehouse) -> None:
    shown = """
        select first_quantity::int, quantity::int, state, differing_fields
        from reporting.rpt_conflicts where event_id = 'r2' order by load_id, delivery_id
    """
    assert read_as_admin(withdrawn, shown) == [
        (80, 9, "accepted", "quantity"),
        (9, 70, "accepted", "quantity"),
        (70, 3, "accepted", "occurred_at, quantity"),
    ]
    counts = "select reason, count(*) from reporting.rpt_event_withdrawals group by 1 order by 1"
    reasons = read_as_admin(withdrawn, counts)
    assert reasons == [("superseded", 8), ("voided", 8), ("waiting", 2), ("withdrawn_already", 1)]
    (found,) = trace(withdrawn, "highc")
    assert [row["reason"] for row in found.deliveries] == ["voided"]
    assert found.fact is None


def test_the_proofs_against_facts_hold(withdrawn: Warehouse) -> None:
    code, said = dbt(withdrawn, "test", "--select", *PROOFS)
    assert code == 0, said[-2000:]


def test_after_the_close_a_void_is_a_difference_and_another_payload_a_conflict(
    withdrawn: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    closed = clone(withdrawn)
    code, said = close(closed, ENTITY, "2026-08-01", "2026-09-05 00:00:00+00")
    assert code == 0, said[-1500:]
    late = [revised("r1", "call", "8", AUGUST), revised("r1", "call", "8", NEXT)]
    late += [revised("r3", "job", "6", AUGUST), revised("r3", "job", "6", "2026-09-03T00:00:00Z")]
    insert_load(closed, [*late, *voids("lowl")])
    built(closed)
    refused = "select event_id, count(*) from ops.event_fates where reason like 'conf%' group by 1"
    assert sorted(read_as_admin(closed, refused)) == [("r1", 2), ("r3", 1)]
    adjusted = """
        select customer_id, sum(amount_minor)::int from intermediate.int_invoice_lines_drafted
        where line_type = 'adjustment' group by customer_id
    """
    assert read_as_admin(closed, adjusted) == [("iron", -500)]
    assert [hop.name for hop in reconcile(closed).differences] == ["files", "raw rows"]
