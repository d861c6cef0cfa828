"""The reference agrees with sums done by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from ingestion.catalog.models import Catalog, Plan
from tests.oracle.invoicing import UsageEvent, draft_lines, invoice_totals
from tests.oracle.rating import rate, to_minor_units

START = date(2026, 1, 1)
TIERS = [
    {"up_to": "10", "unit_price": "10", "flat_fee": "2"},
    {"up_to": "20", "unit_price": "5", "flat_fee": "3"},
    {"unit_price": "4", "flat_fee": "1"},
]


def price_of(charge_model: str, parameters: dict, **price: object) -> Plan:
    """A plan with one price that has one version."""
    fields = {"price_id": "p", "label": "P", "charge_model": charge_model, **price}
    if charge_model != "flat":
        fields.setdefault("meter_id", "m")
    fields["versions"] = [{"valid_from": START, **parameters}]
    plan = {"plan_id": "x", "plan_name": "X", "currency_code": "USD", "prices": [fields]}
    return Plan.model_validate(plan)


def amount_of(plan: Plan, quantity: str, share: Fraction = Fraction(1)) -> Fraction:
    price = plan.prices[0]
    return rate(price, price.versions[0], Fraction(quantity), day_share=share).amount


@pytest.mark.parametrize(
    ("quantity", "inclusive", "exclusive"),
    [
        ("0", "2", "2"),
        ("9.5", "97", "97"),  # 9.5 x 10 + 2
        ("10", "102", "105"),  # 10 x 10 + 2; the edge itself enters the next tier: + 3
        ("10.5", "107.5", "107.5"),  # 102 + 0.5 x 5 + 3
        ("11", "110", "110"),  # 102 + 5 + 3
        ("20", "155", "156"),  # 102 + 50 + 3; + 1
        ("21", "160", "160"),  # 155 + 4 + 1
    ],
)
def test_graduated(quantity: str, inclusive: str, exclusive: str) -> None:
    assert amount_of(price_of("graduated", {"tiers": TIERS}), quantity) == Fraction(inclusive)
    plan = price_of("graduated", {"tiers": TIERS}, tier_boundary="exclusive")
    assert amount_of(plan, quantity) == Fraction(exclusive)


@pytest.mark.parametrize(
    ("quantity", "inclusive", "exclusive"),
    [
        ("0", "2", "2"),
        ("9.5", "97", "97"),
        ("10", "102", "53"),  # 10 x 10 + 2; 10 x 5 + 3
        ("10.5", "55.5", "55.5"),  # 10.5 x 5 + 3
        ("20", "103", "81"),  # 20 x 5 + 3; 20 x 4 + 1
        ("21", "85", "85"),  # 21 x 4 + 1
    ],
)
def test_volume(quantity: str, inclusive: str, exclusive: str) -> None:
    assert amount_of(price_of("volume", {"tiers": TIERS}), quantity) == Fraction(inclusive)
    plan = price_of("volume", {"tiers": TIERS}, tier_boundary="exclusive")
    assert amount_of(plan, quantity) == Fraction(exclusive)


@pytest.mark.parametrize(
    ("quantity", "terms", "rated", "amount"),
    [
        ("1999", {"divide_by": "1000"}, "1.999", "1.999"),
        ("2", {"divide_by": "3"}, "0.666666667", "0.666666667"),
        ("1999", {"divide_by": "1000", "quantity_rounding": "down"}, "1", "1"),
        ("1001", {"divide_by": "1000", "quantity_rounding": "up"}, "2", "2"),
        ("3000", {"divide_by": "1000", "quantity_rounding": "up"}, "3", "3"),
        ("2500", {"divide_by": "1000", "quantity_rounding": "nearest"}, "3", "3"),
        ("123.4", {"quantity_rounding": "up", "quantity_rounding_places": -2}, "200", "200"),
        ("2500", {"divide_by": "1000", "quantity_rounding": "up", "free_units": "1"}, "3", "2"),
        ("12", {"free_units": "10"}, "12", "2"),
        ("4", {"free_units": "10"}, "4", "0"),
        ("-4", {"free_units": "10"}, "0", "0"),
    ],
)
def test_quantities_are_divided_rounded_and_freed(
    quantity: str, terms: dict, rated: str, amount: str
) -> None:
    price = price_of("per_unit", {"unit_price": "1", **terms}).prices[0]
    charge = rate(price, price.versions[0], Fraction(quantity))
    assert (charge.rated_quantity, charge.amount) == (Fraction(rated), Fraction(amount))
    assert sum(tier.quantity for tier in charge.tiers) == Fraction(rated)


@pytest.mark.parametrize(("allowed", "amount"), [(True, "-6.66665"), (False, "0")])
def test_amounts_below_zero_are_charged_where_they_are_allowed(
    *, allowed: bool, amount: str
) -> None:
    plan = price_of("dynamic", {"multiplier": "1.33333"}, allow_negative=allowed)
    assert amount_of(plan, "-5") == Fraction(amount)
    assert amount_of(plan, "50") == Fraction("66.6665")


def test_free_units_move_the_tiers() -> None:
    plan = price_of("graduated", {"tiers": TIERS, "free_units": "5"})
    assert amount_of(plan, "15") == Fraction(102)  # 10 x 10 + 2
    assert amount_of(plan, "15.5") == Fraction("107.5")  # and 0.5 x 5 + 3
    plan = price_of("graduated", {"tiers": TIERS, "free_units": "5"}, zero_usage_flat_fee="charged")
    assert amount_of(plan, "5") == Fraction(2)


@pytest.mark.parametrize(
    ("quantity", "inclusive", "exclusive"),
    [("0", "5", "5"), ("9.5", "5", "5"), ("10", "5", "7.5"), ("11", "7.5", "7.5")],
)
def test_stairstep(quantity: str, inclusive: str, exclusive: str) -> None:
    steps = {"tiers": [{"up_to": "10", "price": "5"}, {"price": "7.5"}]}
    assert amount_of(price_of("stairstep", steps), quantity) == Fraction(inclusive)
    plan = price_of("stairstep", steps, tier_boundary="exclusive")
    assert amount_of(plan, quantity) == Fraction(exclusive)


def test_graduated_percentage() -> None:
    tiers = {"tiers": [{"up_to": "100", "rate_percent": "2"}, {"rate_percent": "1.5"}]}
    assert amount_of(price_of("graduated_percentage", tiers), "300") == 5  # 2 + 3


@pytest.mark.parametrize("charge_model", ["graduated", "volume"])
def test_zero_usage_without_its_flat_fee(charge_model: str) -> None:
    plan = price_of(charge_model, {"tiers": TIERS}, zero_usage_flat_fee="not_charged")
    assert rate(plan.prices[0], plan.prices[0].versions[0], Fraction(0)).tiers == ()
    assert amount_of(plan, "0.5") == 7  # 0.5 x 10 + 2


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [("0", 0), ("5", 0), ("5.000000001", 15), ("15", 15), ("15.1", 30), ("25", 30)],
)
def test_package_after_free_units(quantity: str, amount: int) -> None:
    parameters = {"package_size": "10", "package_price": "15", "free_units": "5"}
    assert amount_of(price_of("package", parameters), quantity) == amount


def test_per_unit_after_free_units() -> None:
    plan = price_of("per_unit", {"unit_price": "0.5", "free_units": "100"})
    assert amount_of(plan, "99") == 0
    assert amount_of(plan, "123.456") == Fraction("11.728")


@pytest.mark.parametrize(
    ("terms", "amounts", "expected"),
    [
        ({}, ["50", "60.5"], "12.05"),  # 110.5 x 10 % + 2 x 0.5
        ({}, ["50", "-50"], "1"),  # nothing left but the fees of two events
        ({"free_events": 1}, ["50", "60"], "6.5"),  # the second: 6 + 0.5
        ({"free_amount": "60"}, ["50", "10", "30"], "3.5"),  # on the edge is free: 3 + 0.5
        ({"free_amount": "60"}, ["50", "30", "30"], "6"),  # 20 are beyond: 2 + 0.5; 3 + 0.5
        ({"free_events": 1, "free_amount": "60"}, ["10", "10"], "1.5"),  # events end first
        ({"free_events": 9, "free_amount": "5"}, ["10", "10"], "2.5"),  # the amount ends first
        ({"minimum_per_event": "3", "maximum_per_event": "4"}, ["10", "30", "99"], "10.5"),
    ],
)
def test_percentage(terms: dict, amounts: list[str], expected: str) -> None:
    parameters = {"rate_percent": "10", "fixed_fee_per_event": "0.5", **terms}
    price = price_of("percentage", parameters).prices[0]
    events = [Fraction(amount) for amount in amounts]
    charge = rate(price, price.versions[0], sum(events, Fraction(0)), event_amounts=events)
    assert charge.amount == Fraction(expected)


def test_flat_by_days() -> None:
    assert amount_of(price_of("flat", {"amount": "31"}), "0", Fraction(12, 31)) == 12


@pytest.mark.parametrize(
    ("amount", "exponent", "away", "even"),
    [
        ("0.005", 2, 1, 0),
        ("0.015", 2, 2, 2),
        ("0.004999999999999999", 2, 0, 0),
        ("-0.005", 2, -1, 0),
        ("2.5", 0, 3, 2),
        ("1.0005", 3, 1001, 1000),
        ("1.00051", 3, 1001, 1001),
    ],
)
def test_rounding_modes_and_exponents(amount: str, exponent: int, away: int, even: int) -> None:
    exact = Fraction(amount)
    mode = "half_away_from_zero"
    assert to_minor_units(exact, exponent=exponent, rounding_mode=mode) == away
    assert to_minor_units(exact, exponent=exponent, rounding_mode="half_even") == even


@pytest.fixture
def catalog() -> Catalog:
    """Two plans in USD; customer c changes from one to the other on 11 September 2026."""
    usage = {"charge_model": "per_unit", "meter_id": "calls", "label": "Calls"}
    changed = [
        {"valid_from": START, "valid_to": date(2026, 9, 6), "unit_price": "1"},
        {"valid_from": date(2026, 9, 6), "unit_price": "2"},
    ]
    first = [
        {"price_id": "fee", "label": "Fee", "charge_model": "flat"}
        | {"versions": [{"valid_from": START, "amount": "30"}]},
        {**usage, "price_id": "calls", "versions": changed},
        {**usage, "price_id": "calls_x", "filter": {"model": "x"}}
        | {"versions": [{"valid_from": START, "unit_price": "0.1"}]},
    ]
    second = [{**usage, "price_id": "more", "versions": [{"valid_from": START, "unit_price": "5"}]}]
    plans = [
        {"plan_id": name, "plan_name": name, "currency_code": "USD", "prices": prices}
        for name, prices in (("first", first), ("second", second))
    ]
    entity = {"legal_entity_id": "e", "legal_entity_name": "E", "country_code": "US"}
    customer = {"customer_id": "c", "customer_name": "C", "legal_entity_id": "e"}
    meter = {"meter_id": "calls", "meter_name": "Calls", "event_type": "call", "unit": "calls"}
    change = date(2026, 9, 11)
    return Catalog.model_validate(
        {
            "legal_entities": [{**entity, "address": "A", "invoice_number_prefix": "E"}],
            "customers": [{**customer, "country_code": "US", "currency_code": "USD"}],
            "meters": [{**meter, "aggregation": "sum", "dimensions": ["model"]}],
            "plans": plans,
            "subscriptions": [
                {"subscription_id": "s1", "customer_id": "c", "plan_id": "first"}
                | {"starts_on": date(2026, 9, 2), "ends_on": change},
                {"subscription_id": "s2", "customer_id": "c", "plan_id": "second"}
                | {"starts_on": change},
            ],
        }
    )


def test_usage_goes_to_one_segment_and_one_price(catalog: Catalog) -> None:
    def event(number: int, day: int, hour: int, **properties: str) -> UsageEvent:
        at = datetime(2026, 9, day, hour, tzinfo=UTC)
        return UsageEvent("c", f"e{number}", "call", at, Decimal(number), properties)

    events = [
        event(1, 1, 23),  # before the subscription: unpriced
        event(2, 2, 0),  # first day, at 1
        event(3, 5, 23),  # last day at 1
        event(4, 6, 0),  # at 2
        event(5, 10, 23, model="x"),  # the specific price
        event(5, 20, 0),  # sent before: a duplicate
        event(6, 11, 0, model="x"),  # other plan, no such filter there
    ]
    lines = draft_lines(catalog, events, months=[date(2026, 9, 1)], exponents={"USD": 2})
    found = {(line.price_id, line.valid_from.day): line.amount_minor for line in lines}
    assert found == {
        ("fee", 1): 900,  # 9 of 30 days
        ("calls", 1): 500,  # (2 + 3) x 1
        ("calls", 6): 800,  # 4 x 2
        ("calls_x", 1): 50,  # 5 x 0.1
        ("more", 1): 3000,  # 6 x 5
    }
    assert invoice_totals(lines) == {("c", date(2026, 9, 1)): 5250}
