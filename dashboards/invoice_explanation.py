# ruff: noqa: RUF001  (the multiplication sign is meant)
"""How an invoice line's amount came about, in words and rows; all figures come from the views."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

from dashboards import formatting
from dashboards.invoice_queries import InvoiceLine, LineTier

MODEL_WORDS = {
    "flat": "A fixed fee for the period.",
    "per_unit": "Quantity × unit price.",
    "graduated": "Each part of the quantity at the unit price of its own tier.",
    "volume": "The whole quantity at the unit price of the tier that it falls in.",
    "stairstep": "One price for the whole quantity: that of the tier that it falls in.",
    "graduated_percentage": "Each part of the amount at the rate of its own tier.",
    "percentage": "A percentage of the amount, with what the price says of single events.",
    "package": "Whole packages, a started one counts.",
    "dynamic": "The amounts that came with the events.",
}
PERCENTAGE_STEPS = {
    1: "At the rate",
    2: "Raised to the minimum",
    3: "Lowered to the maximum",
}
KIND_WORDS = {
    "maximum_spend": "What the price comes to beyond its maximum, taken off again.",
    "true_up": "What is missing to the minimum that was committed to.",
    "discount": "A discount, taken off what it applies to.",
    "one_off": "A single amount that no price makes.",
}


def matches(parts: Decimal, whole: Decimal) -> bool:
    """Whether the parts make the whole, to the last digit."""
    return parts == whole


def has_quantity(line: InvoiceLine) -> bool:
    """Whether the line charges a quantity; a flat fee doesn't."""
    return line.meter_id is not None and line.quantity is not None


def charge_words(line: InvoiceLine) -> str:
    """Returns one sentence or two on what the line charges."""
    served = formatting.period(line.service_start, line.service_end)
    if line.line_type == "adjustment":
        return (
            f"**Adjustment for {served}**: what changed after that month was closed. "
            "What the period comes to now, less what was already billed for it."
        )
    if line.charge_model is None:
        return f"{KIND_WORDS.get(line.line_type, kind_words(line))} Service period {served}."
    model = MODEL_WORDS.get(line.charge_model, formatting.words(line.charge_model).capitalize())
    if not has_quantity(line):
        return f"{model} Service period {served}."
    unit = f" {formatting.plain(line.unit)}" if line.unit else ""
    return f"{model} **{formatting.quantity(line.quantity)}{unit}** in {served}."


def kind_words(line: InvoiceLine) -> str:
    """Returns what kind of line it is: `True up`."""
    return formatting.words(line.line_type).capitalize()


def price_words(line: InvoiceLine) -> str:
    """Returns the price of the line, as a sentence; empty without one."""
    if line.price_id is None:
        return ""
    version = line.price_version_id
    named = f", version {formatting.plain(version)}" if version is not None else ""
    return f"Price {formatting.plain(line.price_id)}{named}{filter_words(line)}."


def tier_rows(
    line: InvoiceLine, tiers: Sequence[LineTier], *, exponent: int, currency: str
) -> list[dict[str, str]]:
    """Returns one row per tier: what part of the quantity, at which price, comes to how much."""
    return [
        {
            "Step": step_words(line, tier),
            "Quantity": formatting.quantity(tier.quantity),
            **price_cell(line, tier),
            "Fixed fee": formatting.unrounded(tier.flat_fee_unrounded, exponent=exponent),
            f"Comes to ({currency})": formatting.unrounded(
                tier.amount_unrounded, exponent=exponent
            ),
        }
        for tier in tiers
    ]


def price_cell(line: InvoiceLine, tier: LineTier) -> dict[str, str]:
    """Returns the cell that holds a tier's price: of a unit, in percent, or none for a step."""
    if line.charge_model == "stairstep":
        return {}
    if line.charge_model in ("percentage", "graduated_percentage"):
        return {"Rate": f"{formatting.quantity(tier.unit_price_unrounded.scaleb(2))} %"}
    return {"Unit price": formatting.quantity(tier.unit_price_unrounded)}


def step_words(line: InvoiceLine, tier: LineTier) -> str:
    """Returns what part of the quantity a tier prices: `First 1,000,000`."""
    if tier.tier_number == 0:
        limit = f" (up to {formatting.quantity(tier.up_to)})" if tier.up_to is not None else ""
        return f"Free{limit}"
    if line.charge_model in ("graduated", "graduated_percentage"):
        start = "First" if tier.tier_number == 1 else "Next"
        part = formatting.quantity(tier.quantity)
        limit = f" (up to {formatting.quantity(tier.up_to)})" if tier.up_to is not None else ""
        return f"{start} {part}{limit}"
    if line.charge_model in ("volume", "stairstep"):
        limit = f"up to {formatting.quantity(tier.up_to)}" if tier.up_to is not None else "open"
        return f"All, in tier {tier.tier_number} ({limit})"
    if line.charge_model == "package":
        return "Packages"
    if line.charge_model == "percentage":
        return PERCENTAGE_STEPS.get(tier.tier_number, "All")
    return "Share of the fee" if line.charge_model == "flat" else "All that is billed"


def rounding_words(line: InvoiceLine, *, exponent: int, currency: str) -> str:
    """Returns how the amount follows from the unrounded one."""
    exact = formatting.unrounded(line.amount_unrounded, exponent=exponent)
    amount = formatting.amount(line.amount_minor, exponent=exponent)
    if exact == amount:
        return f"Exactly {amount} {currency}."
    return f"{exact} rounded once to {amount} {currency}."


def filter_words(line: InvoiceLine) -> str:
    """Returns the price's filter on dimensions, as a part of a sentence; empty without one."""
    try:
        conditions = json.loads(line.dimension_filter or "{}")
    except ValueError:
        return f", for {formatting.plain(line.dimension_filter or '')}"
    if not conditions:
        return ""
    pairs = [(str(name), str(value)) for name, value in sorted(conditions.items())]
    return f", for {formatting.plain(formatting.price_filter(pairs))}"
