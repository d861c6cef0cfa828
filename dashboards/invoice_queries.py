# ruff: noqa: S608  (the parts that are put together are constants of this package)
"""What the pages read about invoices: each query is one SELECT on one view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import BinaryIO

import streamlit as st

from dashboards.connection import select_rows, write_csv
from dashboards.queries import CACHE
from warehouse.csv_output import spreadsheet_safe


@dataclass(frozen=True)
class InvoiceFilter:
    """Which invoices are shown; None lets everything through.

    Attributes:
        status: `closed` or `draft`.
        period_start: First day of the billing month.
        customer_id: The customer.
        currency_code: The currency.
    """

    status: str | None = None
    period_start: date | None = None
    customer_id: str | None = None
    currency_code: str | None = None


@dataclass(frozen=True)
class Invoice:
    """One invoice or draft."""

    invoice_key: str
    invoice_number: str | None
    status: str
    legal_entity_id: str
    legal_entity_name: str
    customer_id: str
    customer_name: str
    currency_code: str
    currency_exponent: int
    period_start: date
    period_end: date
    issued_at: datetime | None
    due_on: date | None
    line_count: int
    subtotal_minor: int
    tax_minor: int
    taxes_minor: int
    credit_minor: int
    total_minor: int
    lines_taxes_credits_minor: int
    adjustment_minor: int
    catalog_version: int


@dataclass(frozen=True)
class InvoiceSum:
    """Invoices of one currency that the filter lets through."""

    currency_code: str
    currency_exponent: int
    invoice_count: int
    closed_count: int
    draft_count: int
    total_minor: Decimal


@dataclass(frozen=True)
class BillingMonth:
    """A month that has invoices or drafts."""

    period_start: date


@dataclass(frozen=True)
class InvoiceLine:
    """One line of an invoice."""

    line_key: str
    line_number: int
    line_type: str
    adjusted_line_type: str | None
    subscription_id: str | None
    plan_name: str | None
    price_id: str | None
    price_version_id: str | None
    charge_model: str | None
    label: str
    meter_id: str | None
    meter_name: str | None
    unit: str | None
    dimension_filter: str | None
    service_start: date
    service_end: date
    quantity: Decimal | None
    amount_unrounded: Decimal
    amount_minor: int
    invoice_line_count: int
    invoice_amount_minor: Decimal


@dataclass(frozen=True)
class LineTier:
    """One step of how a line's amount came about, and what all steps of the line come to."""

    line_key: str
    tier_number: int
    up_to: Decimal | None
    quantity: Decimal | None
    unit_price_unrounded: Decimal | None
    flat_fee_unrounded: Decimal | None
    amount_unrounded: Decimal
    line_amount_unrounded: Decimal


REGISTER_COLUMNS = """
    invoice_key, invoice_number, status, legal_entity_id, legal_entity_name, customer_id,
    customer_name, currency_code, currency_exponent, period_start, period_end, issued_at, due_on,
    line_count, subtotal_minor, tax_minor, tax_minor + included_tax_minor as taxes_minor,
    credit_minor, total_minor,
    subtotal_minor + tax_minor - credit_minor as lines_taxes_credits_minor, adjustment_minor,
    catalog_version
"""

WHERE = """
where (cast(:status as text) is null or status = :status)
    and (cast(:period_start as date) is null or period_start = :period_start)
    and (cast(:customer_id as text) is null or customer_id = :customer_id)
    and (cast(:currency_code as text) is null or currency_code = :currency_code)
"""

BILLING_MONTHS = """
select distinct period_start from reporting.rpt_invoice_register order by period_start desc
"""

INVOICE_SUMS = f"""
select
    currency_code, currency_exponent, count(*) as invoice_count,
    count(*) filter (where status = 'closed') as closed_count,
    count(*) filter (where status = 'draft') as draft_count, sum(total_minor) as total_minor
from reporting.rpt_invoice_register
{WHERE}
group by currency_code, currency_exponent
order by currency_code
"""

INVOICE_PAGE = f"""
select {REGISTER_COLUMNS}
from reporting.rpt_invoice_register
{WHERE}
order by
    case when :sort = 'amount' then currency_code end,
    case when :sort = 'amount' then total_minor end desc,
    case when :sort = 'customer' then customer_name end,
    period_start desc, invoice_number desc nulls first, customer_id, invoice_key
limit :page_size offset :first_row
"""

INVOICE = f"""
select {REGISTER_COLUMNS} from reporting.rpt_invoice_register where invoice_key = :invoice_key
"""

INVOICE_LINES = """
select
    line_key, line_number, line_type, adjusted_line_type, subscription_id, plan_name, price_id,
    price_version_id, charge_model, label, meter_id, meter_name, unit, dimension_filter,
    service_start, service_end, quantity, amount_unrounded, amount_minor,
    count(*) over () as invoice_line_count,
    sum(amount_minor) over () as invoice_amount_minor
from reporting.rpt_invoice_lines
where invoice_key = :invoice_key
order by line_number
"""

LINE_TIERS = """
select
    line_key, tier_number, up_to, quantity, unit_price_unrounded, flat_fee_unrounded,
    amount_unrounded, sum(amount_unrounded) over (partition by line_key) as line_amount_unrounded
from reporting.rpt_invoice_line_tiers
where invoice_key = :invoice_key
order by line_key, tier_number
"""

INVOICE_LINES_CSV = f"""
select
    invoice_key, {spreadsheet_safe("invoice_number")} as invoice_number, line_key, line_number,
    line_type, charge_key, {spreadsheet_safe("source_id")} as source_id, adjusted_line_type,
    charge_month, {spreadsheet_safe("customer_id")} as customer_id,
    {spreadsheet_safe("subscription_id")} as subscription_id,
    {spreadsheet_safe("plan_name")} as plan_name, {spreadsheet_safe("price_id")} as price_id,
    {spreadsheet_safe("price_version_id")} as price_version_id, charge_model,
    {spreadsheet_safe("label")} as label, {spreadsheet_safe("meter_id")} as meter_id,
    {spreadsheet_safe("unit")} as unit, {spreadsheet_safe("dimension_filter")} as dimension_filter,
    service_start, service_end, quantity, amount_unrounded, amount_minor, discount_minor,
    currency_code, currency_exponent, status
from reporting.rpt_invoice_lines
where invoice_key = %(invoice_key)s
order by line_number
"""


@st.cache_data(**CACHE)
def load_billing_months(version: str) -> list[date]:
    """Returns the first days of the months that have invoices or drafts, newest first."""
    return [row.period_start for row in select_rows(BillingMonth, BILLING_MONTHS, {})]


@st.cache_data(**CACHE)
def load_invoice_sums(version: str, chosen: InvoiceFilter) -> list[InvoiceSum]:
    """Returns count and total for each currency that the filter lets through."""
    return select_rows(InvoiceSum, INVOICE_SUMS, asdict(chosen))


@st.cache_data(**CACHE)
def load_invoice_page(
    version: str, chosen: InvoiceFilter, *, sort: str, page_size: int, first_row: int
) -> list[Invoice]:
    """Returns one page of invoices.

    Args:
        version: The data version.
        chosen: Which invoices.
        sort: `newest`, `amount` (largest first, by currency) or `customer`.
        page_size: Most rows of a page.
        first_row: Rows to leave out before the page.
    """
    parameters = {**asdict(chosen), "sort": sort, "page_size": page_size, "first_row": first_row}
    return select_rows(Invoice, INVOICE_PAGE, parameters)


@st.cache_data(**CACHE)
def load_invoice(version: str, *, invoice_key: str) -> Invoice | None:
    """Returns one invoice; None when there is none of this key."""
    rows = select_rows(Invoice, INVOICE, {"invoice_key": invoice_key})
    return rows[0] if rows else None


@st.cache_data(**CACHE)
def load_invoice_lines(version: str, *, invoice_key: str) -> list[InvoiceLine]:
    """Returns the lines of an invoice, in order, each with the sum of all."""
    return select_rows(InvoiceLine, INVOICE_LINES, {"invoice_key": invoice_key})


@st.cache_data(**CACHE)
def load_line_tiers(version: str, *, invoice_key: str) -> dict[str, list[LineTier]]:
    """Returns the tiers of an invoice's lines, by line key."""
    tiers: dict[str, list[LineTier]] = {}
    for tier in select_rows(LineTier, LINE_TIERS, {"invoice_key": invoice_key}):
        tiers.setdefault(tier.line_key, []).append(tier)
    return tiers


def write_invoice_lines_csv(invoice_key: str, *, target: BinaryIO) -> int:
    """Writes the lines of one invoice.

    Returns:
        Count of rows.
    """
    return write_csv(INVOICE_LINES_CSV, {"invoice_key": invoice_key}, target=target)
