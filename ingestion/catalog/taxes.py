"""What a catalog says of taxes and prepaid credits: rates by country, and grants to customers."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ingestion.catalog.price_models import CatalogModel
from ingestion.catalog.scalars import (
    PRICE_PLACES,
    CountryCode,
    CurrencyCode,
    Day,
    Identifier,
    Percent,
    Text,
    fault,
    matching,
    read_number,
)

TaxCategory = Literal["standard", "reduced"]
TaxRounding = Literal["per_rate", "per_line"]
UNTAXED = ("reverse_charge", "exempt")
FLAGS = {"true": True, "false": False}


def _read_flag(value: Any) -> bool:
    flag = FLAGS.get(value, value) if isinstance(value, str) else value
    if not isinstance(flag, bool):
        raise fault(f"{str(value)[:60]!r} is neither true nor false", "write true or false")
    return flag


def _check_rate(value: Decimal) -> Decimal:
    if value > 100:
        raise fault(f"{value} is above 100", "write the rate in percent, 0 to 100: 19 or 8.1")
    return value


def _read_grant_amount(value: Any) -> Decimal:
    number = read_number(value, places=PRICE_PLACES)
    if number <= 0:
        raise fault(f"{value} is not above zero", "write what was prepaid, more than zero")
    return number


Flag = Annotated[bool, BeforeValidator(_read_flag)]
"""true or false."""

TaxPercent = Annotated[Percent, AfterValidator(_check_rate)]
"""A tax rate in percent, 0 to 100."""

GrantAmount = Annotated[Decimal, BeforeValidator(_read_grant_amount)]
"""Money in major units, more than zero."""

VatId = Annotated[
    str,
    matching(
        r"[A-Z0-9][A-Z0-9 ./-]{1,39}",
        "2 to 40 capital letters, digits and blanks, such as DE123456789",
    ),
]


class TaxRate(CatalogModel):
    """What a legal entity's customers of a country are taxed in [valid_from, valid_to).

    `treatment` is that of the category when it is left out. An entry with `reverse_charge` holds
    for customers with a VAT id only, and goes before the others.
    """

    legal_entity_id: Identifier
    country_code: CountryCode
    tax_category: TaxCategory = "standard"
    treatment: Literal["standard", "reduced", "reverse_charge", "exempt"] | None = None
    rate_percent: TaxPercent | None = None
    valid_from: Day
    valid_to: Day | None = None

    @model_validator(mode="after")
    def _check(self) -> TaxRate:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            remedy = "valid_to is the first day on which it no longer holds"
            raise fault(f"valid_to {self.valid_to} is not after {self.valid_from}", remedy)
        if self.treatment in UNTAXED and self.rate_percent:
            remedy = "leave rate_percent out, or write treatment: standard or reduced"
            raise fault(f"{self.treatment} with a rate of {self.rate_percent} %", remedy)
        if self.treatment not in UNTAXED and self.rate_percent is None:
            remedy = "add rate_percent: 19, or treatment: exempt or reverse_charge"
            raise fault("has no rate_percent", remedy)
        return self

    @property
    def tax_rate_id(self) -> str:
        """What it is of and from when; the order of entries."""
        return ":".join((*self.holds_for, f"{self.valid_from}"))

    @property
    def holds_for(self) -> tuple[str, str, str, str]:
        """Who and what it is for; two entries for the same may not overlap in time."""
        kind = "reverse_charge" if self.treatment == "reverse_charge" else "everyone"
        return (self.legal_entity_id, self.country_code, self.tax_category, kind)


class CreditGrant(CatalogModel):
    """Prepaid money of a customer, used from `granted_on` until the day before `expires_on`.

    The lowest `priority` goes first. Without `currency_code` it is in the customer's currency.
    """

    grant_id: Identifier
    customer_id: Text
    label: Text
    amount: GrantAmount
    currency_code: CurrencyCode | None = None
    granted_on: Day
    expires_on: Day | None = None
    priority: Annotated[int, Field(ge=0, le=100)] = 50

    @model_validator(mode="after")
    def _check(self) -> CreditGrant:
        if self.expires_on is not None and self.expires_on <= self.granted_on:
            remedy = "expires_on is the first day on which it can't be used any more"
            raise fault(f"expires_on {self.expires_on} is not after {self.granted_on}", remedy)
        return self
