"""Tax rates and credit grants as rows of schema raw_catalog."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pyarrow as pa

from ingestion.catalog.models import Customer
from ingestion.catalog.taxes import CreditGrant, TaxRate


def _field(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


SCHEMAS = {
    "tax_rates": pa.schema(
        [
            _field("catalog_version", pa.int64()),
            _field("legal_entity_id", pa.string()),
            _field("country_code", pa.string()),
            _field("tax_category", pa.string()),
            _field("treatment", pa.string()),
            _field("rate_percent", pa.decimal128(38, 12)),
            _field("valid_from", pa.date32()),
            pa.field("valid_to", pa.date32()),
        ]
    ),
    "credit_grants": pa.schema(
        [
            _field("catalog_version", pa.int64()),
            _field("grant_id", pa.string()),
            _field("customer_id", pa.string()),
            _field("label", pa.string()),
            _field("currency_code", pa.string()),
            _field("amount_unrounded", pa.decimal128(38, 12)),
            _field("priority", pa.int32()),
            _field("granted_on", pa.date32()),
            pa.field("expires_on", pa.date32()),
        ]
    ),
}
"""Table name -> its columns, in the order of the warehouse."""


def tax_rate_rows(rates: Iterable[TaxRate]) -> list[dict[str, Any]]:
    """Return the rows of tax rates, with what is left out written out."""
    return [
        {
            **rate.model_dump(),
            "treatment": rate.treatment or rate.tax_category,
            "rate_percent": rate.rate_percent or Decimal(0),
        }
        for rate in rates
    ]


def credit_grant_rows(
    grants: Iterable[CreditGrant], customers: Iterable[Customer]
) -> list[dict[str, Any]]:
    """Return the rows of grants, each with its currency."""
    currencies = {customer.customer_id: customer.currency_code for customer in customers}
    return [
        {
            **grant.model_dump(exclude={"amount"}),
            "amount_unrounded": grant.amount,
            "currency_code": grant.currency_code or currencies[grant.customer_id],
        }
        for grant in grants
    ]
