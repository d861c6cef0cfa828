"""What the pages read about the way from an invoice's lines to its total."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import streamlit as st

from dashboards.connection import select_rows
from dashboards.queries import CACHE


@dataclass(frozen=True)
class InvoiceTax:
    """The tax of one rate, and what all taxes of the invoice come to."""

    treatment: str
    tax_exempt_reason: str | None
    country_code: str
    rate_percent: Decimal
    base_minor: int
    tax_minor: int
    is_included: bool
    invoice_tax_minor: Decimal


@dataclass(frozen=True)
class InvoiceCredit:
    """What a prepaid grant pays, below zero, and what all of them pay."""

    grant_id: str
    label: str
    paid_minor: int
    invoice_credit_minor: Decimal


INVOICE_TAXES = """
select
    treatment, tax_exempt_reason, country_code, rate_percent, base_minor, tax_minor, is_included,
    sum(tax_minor) over () as invoice_tax_minor
from reporting.rpt_invoice_taxes
where invoice_key = :invoice_key
order by rate_percent desc, treatment
"""

INVOICE_CREDITS = """
select
    grant_id, label, -amount_minor as paid_minor, sum(amount_minor) over () as invoice_credit_minor
from reporting.rpt_credit_applications
where invoice_key = :invoice_key
order by position
"""


@st.cache_data(**CACHE)
def load_invoice_taxes(version: str, *, invoice_key: str) -> list[InvoiceTax]:
    """Returns the taxes of an invoice, the highest rate first."""
    return select_rows(InvoiceTax, INVOICE_TAXES, {"invoice_key": invoice_key})


@st.cache_data(**CACHE)
def load_invoice_credits(version: str, *, invoice_key: str) -> list[InvoiceCredit]:
    """Returns the credits that pay an invoice, in the order in which they are used."""
    return select_rows(InvoiceCredit, INVOICE_CREDITS, {"invoice_key": invoice_key})
