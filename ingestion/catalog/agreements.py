"""What is agreed with one customer beside its plans: contracts, discounts and one-off lines.

Amounts are Decimals in major units of the currency that stands beside them; it is the customer's.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from ingestion.catalog.price_models import CatalogModel
from ingestion.catalog.scalars import (
    PRICE_PLACES,
    CurrencyCode,
    Day,
    Identifier,
    Percent,
    Price,
    Text,
    fault,
    read_number,
)
from ingestion.catalog.taxes import TaxCategory

SignedAmount = Annotated[
    Decimal, BeforeValidator(lambda value: read_number(value, places=PRICE_PLACES))
]
"""Money in major units, below zero when the customer gets it."""


class Contract(CatalogModel):
    """A least amount that a customer pays in each interval of [starts_on, ends_on)."""

    contract_id: Identifier
    customer_id: Text
    label: Text = "Minimum commitment"
    starts_on: Day
    ends_on: Day | None = None
    interval: Literal["month", "quarter", "year", "term"]
    minimum_commitment: Price
    currency_code: CurrencyCode

    @model_validator(mode="after")
    def _check(self) -> Contract:
        for day in (self.starts_on, self.ends_on):
            if day is not None and day.day != 1:
                remedy = "contracts run in whole billing months: give the first day of a month"
                raise fault(f"{day} is inside a month", remedy)
        if self.ends_on is not None and self.ends_on <= self.starts_on:
            remedy = "ends_on is the first day that the contract no longer covers"
            raise fault(f"ends_on {self.ends_on} is not after {self.starts_on}", remedy)
        if self.interval == "term" and self.ends_on is None:
            raise fault("has the interval term and no end", "give ends_on, or another interval")
        return self


class Discount(CatalogModel):
    """A percentage or an amount off an invoice, or off what it has of one plan or price.

    It holds for `periods` billing months from the one that holds `starts_on`, or without end.
    """

    discount_id: Identifier
    customer_id: Text
    subscription_id: Text | None = None
    label: Text
    percent: Percent | None = None
    amount: Price | None = None
    currency_code: CurrencyCode | None = None
    plan_id: Identifier | None = None
    price_id: Identifier | None = None
    starts_on: Day
    periods: Annotated[int, Field(ge=1, le=1200)] | None = None
    maximum_amount: Price | None = None

    @model_validator(mode="after")
    def _check(self) -> Discount:
        if (self.percent is None) == (self.amount is None):
            raise fault("takes off nothing, or two things", "give percent or amount, one of them")
        for name, value in (("percent", self.percent), ("amount", self.amount)):
            if value == 0:
                raise fault(f"{name} is zero", "give more than zero, or remove the discount")
        if self.percent is not None and self.percent > 100:
            remedy = "100 makes it free; more can't be taken off"
            raise fault(f"percent {self.percent} is above 100", remedy)
        if self.plan_id is not None and self.price_id is not None:
            remedy = "keep price_id for one price, plan_id for all prices of a plan, or neither"
            raise fault("names a plan and a price", remedy)
        is_money = self.amount is not None or self.maximum_amount is not None
        if is_money != (self.currency_code is not None):
            remedy = "give currency_code beside amount or maximum_amount, and only there"
            raise fault("needs a currency exactly where it has an amount", remedy)
        return self


class OneOffLine(CatalogModel):
    """A single amount on the invoice of the month of its day; below zero it is given back."""

    one_off_id: Identifier
    customer_id: Text
    charged_on: Day
    label: Text
    amount: SignedAmount
    currency_code: CurrencyCode
    tax_category: TaxCategory | None = None


SECTIONS: dict[str, tuple[type[CatalogModel], str]] = {
    "contracts": (Contract, "contract_id"),
    "discounts": (Discount, "discount_id"),
    "one_off_lines": (OneOffLine, "one_off_id"),
}
"""Section name -> model of its entries and the field that identifies one."""
