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
    DynamicPrice,
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
    UsageVersion,
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
    """An unrounded amount in major units, and the tiers that it is made of."""

    amount: Fraction
    tiers: tuple[TierCharge, ...]
    rated_quantity: Fraction = ZERO


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
    if isinstance(price, FlatPrice):
        return _charge_of((TierCharge(1, day_share, Fraction(version.amount), ZERO),), ZERO)
    used = max(quantity, ZERO)
    if isinstance(price, DynamicPrice):
        used = quantity if price.allow_negative else used
        multiplier = Fraction(version.multiplier)
        tiers = (TierCharge(1, used, multiplier, ZERO),) if quantity != 0 else ()
        return _charge_of(tiers, used)
    if isinstance(price, PercentagePrice):
        return _charge_of(rate_percentage(used, version, event_amounts), used)
    rated = transform(used, version)
    free = min(rated, Fraction(version.free_units))
    tiers = rate_billable(price, version, rated - free, is_used=quantity != 0)
    if version.free_units > 0 and quantity > 0:
        tiers = (TierCharge(0, free, ZERO, ZERO), *tiers)
    return _charge_of(tiers, rated)


def transform(used: Fraction, version: UsageVersion) -> Fraction:
    """Return a quantity divided and rounded as a price version says."""
    if version.divide_by is None and version.quantity_rounding == "none":
        return used
    places = 9 if version.quantity_rounding == "none" else version.quantity_rounding_places
    factor = Fraction(10) ** places
    scaled = used / Fraction(version.divide_by or 1) * factor
    match version.quantity_rounding:
        case "up":
            whole = _ceiling(scaled)
        case "down":
            whole = scaled.numerator // scaled.denominator
        case _:
            whole = to_minor_units(scaled, exponent=0, rounding_mode="half_away_from_zero")
    return whole / factor


def rate_billable(
    price: PlanPrice, version: UsageVersion, billable: Fraction, *, is_used: bool
) -> tuple[TierCharge, ...]:
    """Return the tiers of what is left to bill; used is not billed where units are free."""
    if isinstance(price, PerUnitPrice | PackagePrice) and not is_used:
        return ()
    if isinstance(price, PerUnitPrice):
        return (TierCharge(1, billable, Fraction(version.unit_price), ZERO),)
    if isinstance(price, PackagePrice):
        packages = _ceiling(billable / Fraction(version.package_size))
        return (TierCharge(1, Fraction(packages), Fraction(version.package_price), ZERO),)
    policies = {
        "is_inclusive": price.tier_boundary == "inclusive",
        "charges_zero_usage": price.zero_usage_flat_fee == "charged",
    }
    if isinstance(price, GraduatedPrice):
        kind, tiers = rate_graduated, version.tiers
    elif isinstance(price, VolumePrice):
        kind, tiers = rate_volume, version.tiers
    elif isinstance(price, StairstepPrice):
        kind, tiers = rate_volume, tuple(map(_step_as_tier, version.tiers))
    elif isinstance(price, GraduatedPercentagePrice):
        kind, tiers = rate_graduated, tuple(map(_rate_as_tier, version.tiers))
    else:
        raise TypeError(price)
    charges = kind(billable, tiers, **policies)
    if not charges and is_used:
        return (TierCharge(1, ZERO, Fraction(tiers[0].unit_price), ZERO),)
    return charges


def rate_percentage(
    used: Fraction, version: PercentageVersion, event_amounts: Sequence[Fraction]
) -> tuple[TierCharge, ...]:
    """Return what an amount costs that came in single events: free, by rate, least, greatest."""
    rate_of_one = Fraction(version.rate_percent) / 100
    fee = Fraction(version.fixed_fee_per_event)
    limits = (version.minimum_per_event, version.maximum_per_event)
    allowances = (version.free_events, version.free_amount)
    if not event_amounts:
        return ()
    if all(term is None for term in (*limits, *allowances)):
        return (TierCharge(1, used, rate_of_one, fee * len(event_amounts)),)
    parts: dict[int, list[Fraction]] = {}
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
                _add_to(parts, 0, paid, ZERO)
                continue
            if free_amount_left > 0:
                _add_to(parts, 0, free_amount_left, ZERO)
            paid -= free_amount_left
            is_allowance_over = True
        cost = paid * rate_of_one + fee
        least, greatest = (None if limit is None else Fraction(limit) for limit in limits)
        if greatest is not None and greatest < max(cost, least or ZERO):
            _add_to(parts, 3, paid, greatest)
        elif least is not None and least > cost:
            _add_to(parts, 2, paid, least)
        else:
            _add_to(parts, 1, paid, fee)
    return tuple(
        TierCharge(number, quantity, rate_of_one if number == 1 else ZERO, fees)
        for number, (quantity, fees) in sorted(parts.items())
    )


def _add_to(
    parts: dict[int, list[Fraction]], number: int, quantity: Fraction, fee: Fraction
) -> None:
    part = parts.setdefault(number, [ZERO, ZERO])
    part[0] += quantity
    part[1] += fee


def _charge_of(tiers: tuple[TierCharge, ...], rated_quantity: Fraction) -> Charge:
    return Charge(sum((tier.amount for tier in tiers), ZERO), tiers, rated_quantity)


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


def _ceiling(value: Fraction) -> int:
    return -(-value.numerator // value.denominator)
