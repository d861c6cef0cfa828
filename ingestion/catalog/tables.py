"""A catalog as Arrow tables: one per table of schema raw_catalog, with exactly its columns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ingestion.catalog import agreement_tables, tax_tables
from ingestion.catalog.models import Catalog, Plan
from ingestion.catalog.price_models import (
    DynamicVersion,
    FlatPrice,
    PackageVersion,
    PercentageVersion,
    PerUnitVersion,
    PlanPrice,
    PriceVersion,
    RateTier,
    Step,
    Tier,
    TieredPrice,
    UsagePriceBase,
    UsageVersion,
)
from ingestion.catalog.subscription_rows import canonical, json_of, subscription_row

MONEY = pa.decimal128(38, 12)
QUANTITY = pa.decimal128(38, 9)
INSTANT = pa.timestamp("us", "UTC")


def _required(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


def _texts(*names: str) -> list[pa.Field]:
    return [_required(name, pa.string()) for name in names]


VERSION = _required("catalog_version", pa.int64())

SCHEMAS: dict[str, pa.Schema] = {
    "legal_entities": pa.schema(
        [
            VERSION,
            *_texts("legal_entity_id", "legal_entity_name", "country_code", "address"),
            pa.field("vat_id", pa.string()),
            *_texts("invoice_number_prefix"),
            _required("grace_period_days", pa.int32()),
            _required("payment_terms_days", pa.int32()),
            *_texts("rounding_mode", "tax_rounding"),
            _required("prices_include_tax", pa.bool_()),
            *_texts("proration", "plan_change_policy", "back_dated_change_policy"),
            *_texts("duplicate_event_policy", "late_usage_policy", "zero_invoices"),
            *_texts("rounding_scope"),
        ]
    ),
    "customers": pa.schema(
        [
            VERSION,
            *_texts("customer_id", "customer_name", "legal_entity_id"),
            *_texts("country_code", "currency_code"),
            pa.field("vat_id", pa.string()),
            pa.field("tax_exempt_reason", pa.string()),
            *_texts("billing_time_zone"),
            pa.field("address", pa.string()),
        ]
    ),
    "meters": pa.schema(
        [
            VERSION,
            *_texts("meter_id", "meter_name", "event_type", "aggregation", "unit", "dimensions"),
            pa.field("reconciles_with", pa.string()),
            pa.field("reconciliation_hours", pa.int32()),
            pa.field("counted_property", pa.string()),
            pa.field("percentile", pa.int32()),
        ]
    ),
    "plans": pa.schema(
        [
            VERSION,
            *_texts("plan_id", "plan_name", "currency_code", "billing_interval"),
            pa.field("minimum_commitment_unrounded", MONEY),
        ]
    ),
    "prices": pa.schema(
        [
            VERSION,
            *_texts("price_id"),
            _required("valid_from", pa.date32()),
            pa.field("valid_to", pa.date32()),
            *_texts("plan_id"),
            pa.field("meter_id", pa.string()),
            *_texts("label", "charge_model", "filter"),
            pa.field("unit_price_unrounded", MONEY),
            pa.field("flat_amount_unrounded", MONEY),
            pa.field("package_size", QUANTITY),
            pa.field("package_price_unrounded", MONEY),
            _required("free_units", QUANTITY),
            *_texts("tier_boundary"),
            _required("is_zero_usage_flat_fee_charged", pa.bool_()),
            pa.field("fixed_fee_per_event_unrounded", MONEY),
            pa.field("free_events", pa.int64()),
            pa.field("free_amount_unrounded", MONEY),
            pa.field("minimum_per_event_unrounded", MONEY),
            pa.field("maximum_per_event_unrounded", MONEY),
            pa.field("divide_by", QUANTITY),
            pa.field("quantity_rounding", pa.string()),
            pa.field("quantity_rounding_places", pa.int32()),
            pa.field("is_negative_allowed", pa.bool_()),
            *_texts("tax_category"),
            *_texts("billing_interval"),
            _required("is_billed_in_advance", pa.bool_()),
            pa.field("currency_code", pa.string()),
            pa.field("minimum_commitment_unrounded", MONEY),
            pa.field("maximum_spend_unrounded", MONEY),
        ]
    ),
    "price_tiers": pa.schema(
        [
            VERSION,
            *_texts("price_id"),
            _required("valid_from", pa.date32()),
            _required("tier_number", pa.int32()),
            pa.field("up_to", QUANTITY),
            _required("unit_price_unrounded", MONEY),
            _required("flat_fee_unrounded", MONEY),
        ]
    ),
    "subscriptions": pa.schema(
        [
            VERSION,
            *_texts("subscription_id", "customer_id", "plan_id"),
            _required("starts_on", pa.date32()),
            pa.field("ends_on", pa.date32()),
            pa.field("starts_at", INSTANT),
            pa.field("ends_at", INSTANT),
            _required("billing_anchor_day", pa.int32()),
            _required("quantity", QUANTITY),
            pa.field("trial_ends_on", pa.date32()),
            pa.field("changes", pa.string()),
            pa.field("pauses", pa.string()),
        ]
    ),
    **tax_tables.SCHEMAS,
    **agreement_tables.SCHEMAS,
}
"""Table name -> its columns, in the order of the warehouse."""


def catalog_rows(catalog: Catalog) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every table, without their version, in a fixed order."""
    prices = [(plan, price) for plan in catalog.plans for price in _by_id(plan.prices)]
    zones = {customer.customer_id: customer.billing_time_zone for customer in catalog.customers}
    return {
        "legal_entities": [item.model_dump() for item in catalog.legal_entities],
        "customers": [item.model_dump(exclude={"tax_exempt"}) for item in catalog.customers],
        "meters": [
            {**item.model_dump(), "dimensions": json_of(sorted(item.dimensions))}
            for item in catalog.meters
        ],
        "plans": [agreement_tables.plan_row(item) for item in catalog.plans],
        "prices": [row for plan, price in prices for row in _price_rows(plan, price)],
        "price_tiers": [row for _, price in prices for row in _tier_rows(price)],
        "subscriptions": [
            subscription_row(item, zones.get(item.customer_id, "UTC"))
            for item in catalog.subscriptions
        ],
        "tax_rates": tax_tables.tax_rate_rows(catalog.tax_rates),
        "credit_grants": tax_tables.credit_grant_rows(catalog.credit_grants, catalog.customers),
        **{
            section: [agreement_tables.agreement_row(item) for item in getattr(catalog, section)]
            for section in agreement_tables.SCHEMAS
        },
    }


def catalog_tables(catalog: Catalog, *, catalog_version: int) -> dict[str, pa.Table]:
    """Return the Arrow tables of a catalog under its version; empty tables are included."""
    return {
        name: pa.Table.from_pylist(
            [{"catalog_version": catalog_version, **row} for row in rows], schema=SCHEMAS[name]
        )
        for name, rows in catalog_rows(catalog).items()
    }


def content_sha256(catalog: Catalog) -> str:
    """Return the hash of what a catalog says, whatever its files are called or how ordered."""
    text = json.dumps(
        catalog_rows(catalog), default=canonical, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _by_id(prices: tuple[PlanPrice, ...]) -> list[PlanPrice]:
    return sorted(prices, key=lambda price: price.price_id)


def _price_rows(plan: Plan, price: PlanPrice) -> Iterator[dict[str, Any]]:
    is_usage = isinstance(price, UsagePriceBase)
    for version in sorted(price.versions, key=lambda item: item.valid_from):
        has_free_units = isinstance(version, UsageVersion)
        is_package = isinstance(version, PackageVersion)
        yield {
            "price_id": price.price_id,
            "valid_from": version.valid_from,
            "valid_to": version.valid_to,
            "plan_id": plan.plan_id,
            "currency_code": price.currency_code or plan.currency_code,
            "meter_id": price.meter_id if is_usage else None,
            "label": price.label,
            "charge_model": price.charge_model,
            "filter": json_of(price.filter if is_usage else {}),
            "unit_price_unrounded": _unit_price(version),
            "flat_amount_unrounded": version.amount if isinstance(price, FlatPrice) else None,
            "package_size": version.package_size if is_package else None,
            "package_price_unrounded": version.package_price if is_package else None,
            "free_units": version.free_units if has_free_units else Decimal(0),
            "tier_boundary": (
                price.tier_boundary if isinstance(price, TieredPrice) else "inclusive"
            ),
            "is_zero_usage_flat_fee_charged": (
                isinstance(price, TieredPrice) and price.zero_usage_flat_fee == "charged"
            ),
            "tax_category": price.tax_category,
            **_terms_by_event(version),
            **_terms_by_choice(price, version),
            "billing_interval": price.billing_interval or plan.billing_interval,
            "is_billed_in_advance": isinstance(price, FlatPrice) and price.billed == "in_advance",
            "minimum_commitment_unrounded": version.minimum_commitment,
            "maximum_spend_unrounded": version.maximum_spend,
        }


def _unit_price(version: PriceVersion) -> Decimal | None:
    """Return the price of a unit; a rate is the price of a unit of money."""
    if isinstance(version, PercentageVersion):
        return version.rate_percent.scaleb(-2)
    if isinstance(version, DynamicVersion):
        return version.multiplier
    return version.unit_price if isinstance(version, PerUnitVersion) else None


def _terms_by_event(version: PriceVersion) -> dict[str, Any]:
    if not isinstance(version, PercentageVersion):
        return {}
    return {
        "fixed_fee_per_event_unrounded": version.fixed_fee_per_event,
        "free_events": version.free_events,
        "free_amount_unrounded": version.free_amount,
        "minimum_per_event_unrounded": version.minimum_per_event,
        "maximum_per_event_unrounded": version.maximum_per_event,
    }


def _terms_by_choice(price: PlanPrice, version: PriceVersion) -> dict[str, Any]:
    """Return terms that few prices have; others keep the rows, and so the hash, that they had."""
    terms: dict[str, Any] = {}
    if getattr(price, "allow_negative", False):
        terms["is_negative_allowed"] = True
    if isinstance(version, UsageVersion) and version.divide_by is not None:
        terms["divide_by"] = version.divide_by
    if isinstance(version, UsageVersion) and version.quantity_rounding != "none":
        terms["quantity_rounding"] = version.quantity_rounding
        terms["quantity_rounding_places"] = version.quantity_rounding_places
    return terms


def _tier_rows(price: PlanPrice) -> Iterator[dict[str, Any]]:
    if not isinstance(price, TieredPrice):
        return
    for version in sorted(price.versions, key=lambda item: item.valid_from):
        for number, tier in enumerate(version.tiers, start=1):
            yield {
                "price_id": price.price_id,
                "valid_from": version.valid_from,
                "tier_number": number,
                "up_to": tier.up_to,
                **_tier_amounts(tier),
            }


def _tier_amounts(tier: Tier | RateTier | Step) -> dict[str, Decimal]:
    """Return a tier's price of a unit, for rates that of a unit of money, and its flat fee."""
    match tier:
        case RateTier():
            unit_price, flat_fee = tier.rate_percent.scaleb(-2), tier.flat_fee
        case Step():
            unit_price, flat_fee = Decimal(0), tier.price
        case _:
            unit_price, flat_fee = tier.unit_price, tier.flat_fee
    return {"unit_price_unrounded": unit_price, "flat_fee_unrounded": flat_fee}
