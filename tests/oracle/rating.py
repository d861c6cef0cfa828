"""The reference for charge models: slow, exact, written from the rules and not from the SQL.

Quantities are units of a meter, amounts major units of the currency; both are exact Decimals or,
where a day share does not end, exact fractions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from ingestion.catalog.price_models import (
    FlatPrice,
    GraduatedPercentagePrice,
    GraduatedPrice,
    PackagePrice,
    PercentagePrice,
    PercentageVersion,
    PerUnitPrice,
    PlanPrice,
    PriceVersion,
    RateTier,
    StairstepPrice,
    Step,
    Tier,
    VolumePrice,
)

ZERO = Fraction(0)


@dataclass(frozen=True)
class TierCharge:
    """What one tier contributes: its units, their price, its flat fee, and the sum."""

    tier_number: int
    quantity: Fraction
    unit_price: Fraction
    flat_fee: Fraction

    @property
    def amount(self) -> Fraction:
        """The tier's amount in major units."""
        return self.quantity * self.unit_price + self.flat_fee


@dataclass(frozen=True)
class Charge:
    """An unrounded amount in major units, with its tiers where the model has tiers."""

    amount: Fraction
    tiers: tuple[TierCharge, ...] = ()


def rate(
    price: PlanPrice,
    version: PriceVersion,
    quantity: Fraction,
    *,
    day_share: Fraction = Fraction(1),
    event_amounts: Sequence[Fraction] = (),
) -> Charge:
    """Return what a quantity costs.

    Args:
        price: The price.
        version: The one of its versions that applies.
        quantity: Units used; ignored by flat prices, and less than zero counts as zero.
        day_share: Share of the month's days that is charged; used by flat prices only.
        event_amounts: What the single events came to, in order; used by percentages only.
    """
    used = max(quantity, ZERO)
    if isinstance(price, FlatPrice):
        return Charge(Fraction(version.amount) * day_share)
    if isinstance(price, PerUnitPrice):
        return Charge(_beyond(used, version.free_units) * Fraction(version.unit_price))
    if isinstance(price, PackagePrice):
        packages = _ceiling(_beyond(used, version.free_units) / Fraction(version.package_size))
        return Charge(packages * Fraction(version.package_price))
    if isinstance(price, PercentagePrice):
        return Charge(rate_percentage(used, version, event_amounts))
    policies = {
        "is_inclusive": price.tier_boundary == "inclusive",
        "charges_zero_usage": price.zero_usage_flat_fee == "charged",
    }
    if isinstance(price, GraduatedPrice):
        tiers = rate_graduated(used, version.tiers, **policies)
    elif isinstance(price, VolumePrice):
        tiers = rate_volume(used, version.tiers, **policies)
    elif isinstance(price, StairstepPrice):
        tiers = rate_volume(used, tuple(map(_step_as_tier, version.tiers)), **policies)
    elif isinstance(price, GraduatedPercentagePrice):
        tiers = rate_graduated(used, tuple(map(_rate_as_tier, version.tiers)), **policies)
    else:
        raise TypeError(price)
    return Charge(sum((tier.amount for tier in tiers), ZERO), tiers)


def rate_percentage(
    used: Fraction, version: PercentageVersion, event_amounts: Sequence[Fraction]
) -> Fraction:
    """Return what an amount costs that came in single events."""
    rate_of_one = Fraction(version.rate_percent) / 100
    fee = Fraction(version.fixed_fee_per_event)
    limits = (version.minimum_per_event, version.maximum_per_event)
    allowances = (version.free_events, version.free_amount)
    if all(term is None for term in (*limits, *allowances)):
        return used * rate_of_one + fee * len(event_amounts)
    total = ZERO
    free_events_left = version.free_events
    free_amount_left = None if version.free_amount is None else Fraction(version.free_amount)
    is_allowance_over = all(term is None for term in allowances)
    for amount in event_amounts:
        paid = max(amount, ZERO)
        if free_events_left == 0:
            is_allowance_over = True
        if not is_allowance_over:
            if free_events_left is not None:
                free_events_left -= 1
            if free_amount_left is None or paid <= free_amount_left:
                if free_amount_left is not None:
                    free_amount_left -= paid
                continue
            paid -= free_amount_left
            is_allowance_over = True
        cost = paid * rate_of_one + fee
        if limits[0] is not None:
            cost = max(cost, Fraction(limits[0]))
        if limits[1] is not None:
            cost = min(cost, Fraction(limits[1]))
        total += cost
    return total


def rate_graduated(
    used: Fraction, tiers: tuple[Tier, ...], *, is_inclusive: bool, charges_zero_usage: bool
) -> tuple[TierCharge, ...]:
    """Return the tiers that usage enters, each with the units that fall in it."""
    charges = []
    lower = ZERO
    for number, tier in enumerate(tiers, start=1):
        if number == 1:
            is_entered = used > 0 or charges_zero_usage
        else:
            is_entered = used > lower if is_inclusive else used >= lower
        if not is_entered:
            break
        upper = used if tier.up_to is None else min(used, Fraction(tier.up_to))
        charges.append(
            TierCharge(number, upper - lower, Fraction(tier.unit_price), Fraction(tier.flat_fee))
        )
        lower = ZERO if tier.up_to is None else Fraction(tier.up_to)
        if tier.up_to is None:
            break
    return tuple(charges)


def rate_volume(
    used: Fraction, tiers: tuple[Tier, ...], *, is_inclusive: bool, charges_zero_usage: bool
) -> tuple[TierCharge, ...]:
    """Return the one tier that the whole quantity falls in."""
    if used == 0 and not charges_zero_usage:
        return ()
    for number, tier in enumerate(tiers, start=1):
        bound = None if tier.up_to is None else Fraction(tier.up_to)
        if bound is None or used < bound or (is_inclusive and used == bound):
            fee = Fraction(tier.flat_fee)
            return (TierCharge(number, used, Fraction(tier.unit_price), fee),)
    raise ValueError("the last tier is not open")


def _step_as_tier(step: Step) -> Tier:
    return Tier(up_to=step.up_to, unit_price=Decimal(0), flat_fee=step.price)


def _rate_as_tier(tier: RateTier) -> Tier:
    return Tier(
        up_to=tier.up_to, unit_price=tier.rate_percent / Decimal(100), flat_fee=tier.flat_fee
    )


def to_minor_units(amount: Fraction, *, exponent: int, rounding_mode: str) -> int:
    """Return an amount in minor units, rounded once.

    Args:
        amount: Exact amount in major units.
        exponent: Decimal places of the currency's minor unit.
        rounding_mode: `half_away_from_zero` or `half_even`.
    """
    scaled = abs(amount) * 10**exponent
    whole, rest = divmod(scaled.numerator, scaled.denominator)
    doubled = rest * 2
    is_tie = doubled == scaled.denominator
    if rounding_mode == "half_away_from_zero":
        rounds_up = doubled >= scaled.denominator
    elif rounding_mode == "half_even":
        rounds_up = doubled > scaled.denominator or (is_tie and whole % 2 == 1)
    else:
        raise ValueError(rounding_mode)
    minor = whole + (1 if rounds_up else 0)
    return minor if amount >= 0 else -minor


def _beyond(used: Fraction, free_units: Decimal) -> Fraction:
    return max(used - Fraction(free_units), ZERO)


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
