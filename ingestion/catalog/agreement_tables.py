"""Contracts, discounts and one-off lines as rows of schema raw_catalog."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from ingestion.catalog.agreements import Contract, Discount, OneOffLine
from ingestion.catalog.models import Plan

MONEY = pa.decimal128(38, 12)


def _field(name: str, kind: pa.DataType, *, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable=nullable)


SCHEMAS: dict[str, pa.Schema] = {
    "contracts": pa.schema(
        [
            _field("catalog_version", pa.int64()),
            _field("contract_id", pa.string()),
            _field("customer_id", pa.string()),
            _field("label", pa.string()),
            _field("starts_on", pa.date32()),
            _field("ends_on", pa.date32(), nullable=True),
            _field("interval", pa.string()),
            _field("minimum_commitment_unrounded", MONEY),
            _field("currency_code", pa.string()),
        ]
    ),
    "discounts": pa.schema(
        [
            _field("catalog_version", pa.int64()),
            _field("discount_id", pa.string()),
            _field("customer_id", pa.string()),
            _field("subscription_id", pa.string(), nullable=True),
            _field("label", pa.string()),
            _field("percent", MONEY, nullable=True),
            _field("amount_unrounded", MONEY, nullable=True),
            _field("currency_code", pa.string(), nullable=True),
            _field("plan_id", pa.string(), nullable=True),
            _field("price_id", pa.string(), nullable=True),
            _field("starts_on", pa.date32()),
            _field("periods", pa.int32(), nullable=True),
            _field("maximum_amount_unrounded", MONEY, nullable=True),
        ]
    ),
    "one_off_lines": pa.schema(
        [
            _field("catalog_version", pa.int64()),
            _field("one_off_id", pa.string()),
            _field("customer_id", pa.string()),
            _field("charged_on", pa.date32()),
            _field("label", pa.string()),
            _field("amount_unrounded", MONEY),
            _field("currency_code", pa.string()),
            _field("tax_category", pa.string(), nullable=True),
        ]
    ),
}
"""Table name -> its columns, in the order of the warehouse."""

UNROUNDED = ("amount", "maximum_amount", "minimum_commitment")


def agreement_row(agreement: Contract | Discount | OneOffLine) -> dict[str, Any]:
    """Return the row of an agreement: amounts are kept unrounded, under names that say so."""
    return {
        f"{name}_unrounded" if name in UNROUNDED else name: value
        for name, value in agreement.model_dump().items()
    }


def plan_row(plan: Plan) -> dict[str, Any]:
    """Return the row of a plan; its prices have rows of their own."""
    return {
        **plan.model_dump(exclude={"prices", "minimum_commitment"}),
        "minimum_commitment_unrounded": plan.minimum_commitment,
    }
