"""What a catalog says of prices: one model for each charge model, with its parameters.

Amounts are Decimals in major units of the plan's currency, rates are percent of an amount.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ingestion.catalog.scalars import (
    CurrencyCode,
    Day,
    Identifier,
    Percent,
    Price,
    Quantity,
    SignedPrice,
    Size,
    Text,
    fault,
)

BillingInterval = Literal["month", "quarter", "year"]


class CatalogModel(BaseModel):
    """A part of the catalog: unknown fields are refused, nothing changes once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Tier(CatalogModel):
    """Units up to a bound, their unit price, and a flat fee; the open tier has no `up_to`."""

    up_to: Size | None = None
    unit_price: Price = Decimal(0)
    flat_fee: Price = Decimal(0)


class RateTier(CatalogModel):
    """An amount up to a bound, the percentage of it, and a flat fee."""

    up_to: Size | None = None
    rate_percent: Percent = Decimal(0)
    flat_fee: Price = Decimal(0)


class Step(CatalogModel):
    """One price for every quantity up to a bound; the open step has no `up_to`."""

    up_to: Size | None = None
    price: Price


class PriceVersion(CatalogModel):
    """The parameters of a price in [valid_from, valid_to); open-ended without `valid_to`.

    What it comes to in a period is at least `minimum_commitment` and at most `maximum_spend`.
    """

    valid_from: Day
    valid_to: Day | None = None
    minimum_commitment: Price | None = None
    maximum_spend: Price | None = None

    @model_validator(mode="after")
    def _check_order(self) -> PriceVersion:
        if self.valid_to is not None and self.valid_to <= self.valid_from:
            remedy = "valid_to is the first day on which it no longer holds"
            raise fault(f"valid_to {self.valid_to} is not after {self.valid_from}", remedy)
        return self


class FlatVersion(PriceVersion):
    """A fee per billing period."""

    amount: SignedPrice


class UsageVersion(PriceVersion):
    """What is done to a quantity before it is priced: divided, rounded, freed; in that order.

    `quantity_rounding_places` is the number of decimal places that rounding keeps; -2 are hundreds.
    """

    divide_by: Size | None = None
    quantity_rounding: Literal["none", "up", "down", "nearest"] = "none"
    quantity_rounding_places: Annotated[int, Field(ge=-18, le=9)] = 0
    free_units: Quantity = Decimal(0)

    @model_validator(mode="after")
    def _check_rounding(self) -> UsageVersion:
        if self.quantity_rounding == "none" and self.quantity_rounding_places != 0:
            raise fault(
                "quantity_rounding_places without quantity_rounding",
                "say how to round: quantity_rounding: up, down or nearest",
            )
        return self


class PerUnitVersion(UsageVersion):
    """A price per unit."""

    unit_price: SignedPrice


class DynamicVersion(PriceVersion):
    """What each amount is multiplied by: 0.01 where events bring hundredths."""

    multiplier: Price = Decimal(1)


class PercentageVersion(PriceVersion):
    """A rate on the amount, and what is free, least and greatest for single events.

    Free events and the free amount end together, at whichever is used up first.
    """

    rate_percent: Percent
    fixed_fee_per_event: Price = Decimal(0)
    free_events: Annotated[int, Field(ge=0, le=10**15)] | None = None
    free_amount: Quantity | None = None
    minimum_per_event: Price | None = None
    maximum_per_event: Price | None = None

    @model_validator(mode="after")
    def _check_limits(self) -> PercentageVersion:
        least, greatest = self.minimum_per_event, self.maximum_per_event
        if least is not None and greatest is not None and least > greatest:
            remedy = "no event can cost both; make maximum_per_event the greater one"
            raise fault(f"minimum_per_event {least} is above maximum_per_event {greatest}", remedy)
        return self


class PackageVersion(UsageVersion):
    """A price per started package."""

    package_size: Size
    package_price: Price


class TieredVersion(UsageVersion):
    """Tiers in ascending order; the last one is open."""

    tiers: Annotated[tuple[Tier, ...], Field(min_length=1)]


class RateTieredVersion(UsageVersion):
    """Tiers of an amount in ascending order; the last one is open."""

    tiers: Annotated[tuple[RateTier, ...], Field(min_length=1)]


class StairstepVersion(UsageVersion):
    """Steps in ascending order; the last one is open."""

    tiers: Annotated[tuple[Step, ...], Field(min_length=1)]


class PriceBase(CatalogModel):
    """What every price has; without an interval or a currency it has that of its plan.

    A price holds for the customers that are billed in its currency.
    """

    price_id: Identifier
    label: Text
    tax_category: Literal["standard", "reduced"] = "standard"
    billing_interval: BillingInterval | None = None
    currency_code: CurrencyCode | None = None


class FlatPrice(PriceBase):
    """A fixed fee per billing period, for each unit of the subscription, prorated by policy."""

    charge_model: Literal["flat"]
    allow_negative: bool = False
    billed: Literal["in_arrears", "in_advance"] = "in_arrears"
    versions: Annotated[tuple[FlatVersion, ...], Field(min_length=1)]


class UsagePriceBase(PriceBase):
    """A price of metered usage; `filter` holds dimension values that usage must have."""

    meter_id: Identifier
    filter: dict[Text, Text] = {}


class PerUnitPrice(UsagePriceBase):
    """Quantity times unit price."""

    charge_model: Literal["per_unit"]
    allow_negative: bool = False
    versions: Annotated[tuple[PerUnitVersion, ...], Field(min_length=1)]


class PackagePrice(UsagePriceBase):
    """Started packages times package price."""

    charge_model: Literal["package"]
    versions: Annotated[tuple[PackageVersion, ...], Field(min_length=1)]


class PercentagePrice(UsagePriceBase):
    """A rate on the amount that the meter sums."""

    charge_model: Literal["percentage"]
    versions: Annotated[tuple[PercentageVersion, ...], Field(min_length=1)]


class DynamicPrice(UsagePriceBase):
    """The amounts that come with the events; their sum is below zero only where that is allowed."""

    charge_model: Literal["dynamic"]
    allow_negative: bool = False
    versions: Annotated[tuple[DynamicVersion, ...], Field(min_length=1)]


class TieredPrice(UsagePriceBase):
    """What all prices with tiers share: the policies about them."""

    tier_boundary: Literal["inclusive", "exclusive"] = "inclusive"
    zero_usage_flat_fee: Literal["charged", "not_charged"] = "charged"


class GraduatedPrice(TieredPrice):
    """Each tier's units at that tier's price."""

    charge_model: Literal["graduated"]
    versions: Annotated[tuple[TieredVersion, ...], Field(min_length=1)]


class VolumePrice(TieredPrice):
    """All units at the price of the tier that the whole quantity falls in."""

    charge_model: Literal["volume"]
    versions: Annotated[tuple[TieredVersion, ...], Field(min_length=1)]


class StairstepPrice(TieredPrice):
    """The step that the quantity falls in sets one flat price."""

    charge_model: Literal["stairstep"]
    versions: Annotated[tuple[StairstepVersion, ...], Field(min_length=1)]


class GraduatedPercentagePrice(TieredPrice):
    """Each tier's part of the amount at that tier's rate."""

    charge_model: Literal["graduated_percentage"]
    versions: Annotated[tuple[RateTieredVersion, ...], Field(min_length=1)]


PlanPrice = Annotated[
    FlatPrice
    | PerUnitPrice
    | PackagePrice
    | PercentagePrice
    | GraduatedPrice
    | VolumePrice
    | StairstepPrice
    | GraduatedPercentagePrice
    | DynamicPrice,
    Field(discriminator="charge_model"),
]
