"""What a catalog says: legal entities, meters, plans with their prices, customers, subscriptions.

Amounts are Decimals in major units of the currency, days are local days of the customer, intervals
are half-open.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ingestion.catalog import agreements
from ingestion.catalog.agreements import Contract, Discount, OneOffLine
from ingestion.catalog.price_models import BillingInterval, CatalogModel, PlanPrice
from ingestion.catalog.scalars import (
    CountryCode,
    CurrencyCode,
    Identifier,
    Price,
    Text,
    TimeZone,
    fault,
    matching,
)
from ingestion.catalog.subscription_models import Subscription
from ingestion.catalog.taxes import CreditGrant, Flag, TaxRate, TaxRounding, VatId

NumberPrefix = Annotated[
    str, matching(r"[A-Z0-9][A-Z0-9-]{0,19}", "up to 20 capital letters, digits and -")
]


class LegalEntity(CatalogModel):
    """Who issues invoices, and by which policies."""

    legal_entity_id: Identifier
    legal_entity_name: Text
    country_code: CountryCode
    address: Text
    vat_id: Text | None = None
    invoice_number_prefix: NumberPrefix
    grace_period_days: Annotated[int, Field(ge=0, le=31)] = 3
    payment_terms_days: Annotated[int, Field(ge=0, le=365)] = 30
    rounding_mode: Literal["half_away_from_zero", "half_even"] = "half_away_from_zero"
    tax_rounding: TaxRounding = "per_rate"
    prices_include_tax: Flag = False
    proration: Literal["days", "seconds", "none"] = "days"
    plan_change_policy: Literal["immediate", "next_period"] = "immediate"
    back_dated_change_policy: Literal["next_invoice", "frozen"] = "next_invoice"
    rounding_scope: Literal["line", "invoice"] = "line"
    late_usage_policy: Literal["next_invoice", "credit_debit_note", "frozen"] = "next_invoice"
    zero_invoices: Literal["issue", "skip"] = "issue"
    duplicate_event_policy: Literal["first_wins", "last_wins_until_close"] = "first_wins"

    @model_validator(mode="after")
    def _check(self) -> LegalEntity:
        if self.late_usage_policy == "credit_debit_note":
            remedy = (
                "write next_invoice, or frozen; credit-note --rebill moves single invoices by hand"
            )
            raise fault("credit_debit_note can't be done yet", remedy)
        return self


class Customer(CatalogModel):
    """Who is billed, by which legal entity, in which currency, and what that means for taxes."""

    customer_id: Text
    customer_name: Text
    legal_entity_id: Identifier
    country_code: CountryCode
    currency_code: CurrencyCode
    billing_time_zone: TimeZone = "UTC"
    address: Text | None = None
    vat_id: VatId | None = None
    tax_exempt: Flag = False
    tax_exempt_reason: Text | None = None

    @model_validator(mode="after")
    def _check_exemption(self) -> Customer:
        if self.tax_exempt and self.tax_exempt_reason is None:
            remedy = "add tax_exempt_reason: what the invoice shall say, such as the certificate"
            raise fault("is tax_exempt without a reason", remedy)
        if self.tax_exempt_reason is not None and not self.tax_exempt:
            remedy = "write tax_exempt: true, or leave the reason out"
            raise fault("has a tax_exempt_reason and is not tax_exempt", remedy)
        return self


VOIDING_EVENT_TYPE = "event.voided"
RECONCILED_AGGREGATIONS = ("count", "sum", "max")
"""Aggregations that can be made of the hourly pieces of usage."""
PARAMETERS_OF_AGGREGATIONS = {"counted_property": "unique_count", "percentile": "percentile"}
"""Parameter of a meter -> the one aggregation that needs it."""
PARAMETER_REMEDIES = {
    "counted_property": "name the property whose different values are counted: "
    "counted_property: user_id",
    "percentile": "write the rank in percent, 1 to 99: percentile: 95",
}


class Meter(CatalogModel):
    """What is measured: the events of one type, aggregated, split by dimensions.

    `counted_property` is the property whose different values `unique_count` counts; `percentile`
    is the rank in percent. `reconciles_with` names a meter of the same thing, compared in buckets
    of `reconciliation_hours`.
    """

    meter_id: Identifier
    meter_name: Text
    event_type: Text
    aggregation: Literal[
        "count", "sum", "max", "latest", "unique_count", "percentile", "weighted_sum"
    ]
    unit: Text
    dimensions: tuple[Text, ...] = ()
    counted_property: Text | None = None
    percentile: Annotated[int, Field(ge=1, le=99)] | None = None
    reconciles_with: Identifier | None = None
    reconciliation_hours: Annotated[int, Field(ge=1, le=744)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Meter:
        if self.event_type == VOIDING_EVENT_TYPE:
            raise fault(
                f"{VOIDING_EVENT_TYPE} is no usage: it withdraws an event",
                "give the meter the type of the events that it measures",
            )
        if len(set(self.dimensions)) < len(self.dimensions):
            raise fault("names a dimension twice", "keep each dimension once")
        for field, aggregation in PARAMETERS_OF_AGGREGATIONS.items():
            is_given = getattr(self, field) is not None
            if is_given and self.aggregation != aggregation:
                raise fault(
                    f"{self.aggregation} has no {field}",
                    f"leave {field} out, or write aggregation: {aggregation}",
                )
            if not is_given and self.aggregation == aggregation:
                raise fault(f"{aggregation} without {field}", PARAMETER_REMEDIES[field])
        if self.reconciles_with is not None and self.aggregation not in RECONCILED_AGGREGATIONS:
            raise fault(
                f"{self.aggregation} can't be compared in buckets",
                "leave out reconciles_with; count, sum and max can be compared",
            )
        if (self.reconciles_with is None) != (self.reconciliation_hours is None):
            remedy = "give both reconciles_with and reconciliation_hours, or neither"
            raise fault("reconciles by half", remedy)
        return self


class Plan(CatalogModel):
    """Prices that are sold together; those that name no currency of their own are in the plan's."""

    plan_id: Identifier
    plan_name: Text
    currency_code: CurrencyCode
    billing_interval: BillingInterval = "month"
    minimum_commitment: Price | None = None
    prices: tuple[PlanPrice, ...]

    @property
    def currencies(self) -> set[str]:
        """The currencies that customers of the plan can be billed in."""
        return {price.currency_code or self.currency_code for price in self.prices} | (
            {self.currency_code} if not self.prices else set()
        )


class Catalog(CatalogModel):
    """A whole catalog that holds together."""

    legal_entities: tuple[LegalEntity, ...]
    meters: tuple[Meter, ...]
    plans: tuple[Plan, ...]
    customers: tuple[Customer, ...]
    subscriptions: tuple[Subscription, ...]
    tax_rates: tuple[TaxRate, ...] = ()
    credit_grants: tuple[CreditGrant, ...] = ()
    contracts: tuple[Contract, ...] = ()
    discounts: tuple[Discount, ...] = ()
    one_off_lines: tuple[OneOffLine, ...] = ()


SECTIONS: dict[str, tuple[type[CatalogModel], str]] = {
    "legal_entities": (LegalEntity, "legal_entity_id"),
    "meters": (Meter, "meter_id"),
    "plans": (Plan, "plan_id"),
    "customers": (Customer, "customer_id"),
    "subscriptions": (Subscription, "subscription_id"),
    "tax_rates": (TaxRate, "tax_rate_id"),
    "credit_grants": (CreditGrant, "grant_id"),
    **agreements.SECTIONS,
}
"""Section name -> model of its entries and the field that identifies one."""
