# ruff: noqa: S608  (the parts that are put together are constants of this package)
"""What each exported file holds: its columns, their types, its rows in a stable order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from warehouse.csv_output import spreadsheet_safe

MAJOR_UNITS = "{minor} * cast('1e-' || register.currency_exponent as numeric)"


class Kind(StrEnum):
    """Type of a column."""

    TEXT = "text"
    INTEGER = "integer"
    DATE = "date"
    TIMESTAMP = "timestamp"
    QUANTITY = "quantity"
    UNROUNDED = "unrounded"
    DECIMAL_TEXT = "decimal_text"


PARQUET_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.DATE: pa.date32(),
    Kind.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    Kind.QUANTITY: pa.decimal128(38, 9),
    Kind.UNROUNDED: pa.decimal128(38, 12),
    Kind.DECIMAL_TEXT: pa.string(),
}


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        name: Its header.
        kind: Its type.
        source: SQL of its value.
    """

    name: str
    kind: Kind
    source: str

    @property
    def expression(self) -> str:
        """SQL of the cell as it is written."""
        if self.kind is Kind.TEXT:
            return spreadsheet_safe(self.source)
        if self.kind is Kind.TIMESTAMP:
            moment = f"timezone('UTC', {self.source})"
            return f"""to_char({moment}, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
        return self.source


@dataclass(frozen=True)
class Document:
    """One file in both formats.

    Attributes:
        name: File name without its ending.
        columns: Its columns, in order.
        relation: SQL of what the rows come from; `register` names the invoice register.
        amount: Column of the control total, in minor units.
        order: SQL of the order of the rows; a key, so that the order is always the same.
    """

    name: str
    columns: tuple[Column, ...]
    relation: str
    amount: str
    order: str

    @property
    def select(self) -> str:
        """The SELECT of all rows, parameters as `%(name)s`."""
        cells = ", ".join(f"{column.expression} as {column.name}" for column in self.columns)
        return f"select {cells} from {self.relation} {SCOPE} order by {self.order}"

    @property
    def control_totals(self) -> str:
        """The SELECT of count and sum for each currency, as the database adds them up."""
        source = next(column.source for column in self.columns if column.name == self.amount)
        return (
            "select register.currency_code, register.currency_exponent, count(*) as row_count,"
            f" sum({source}) as amount_minor,"
            f" cast({MAJOR_UNITS.format(minor=f'sum({source})')} as text) as amount"
            f" from {self.relation} {SCOPE}"
            " group by register.currency_code, register.currency_exponent"
            ' order by register.currency_code collate "C"'
        )

    @property
    def schema(self) -> pa.Schema:
        """The Parquet schema."""
        return pa.schema([(column.name, PARQUET_TYPES[column.kind]) for column in self.columns])


SCOPE = """
where (%(include_drafts)s or register.status = 'closed')
    and (cast(%(period_start)s as date) is null or register.period_start = %(period_start)s)
    and (
        cast(%(legal_entity_id)s as text) is null
        or register.legal_entity_id = %(legal_entity_id)s
    )
"""


def _columns(relation: str, kind: Kind, *names: str) -> tuple[Column, ...]:
    return tuple(Column(name, kind, f"{relation}.{name}") for name in names)


def _amounts(relation: str, *names: str) -> Iterator[Column]:
    """Gives each amount in minor units, and in major units beside it."""
    for name in names:
        minor = f"{relation}.{name}_minor"
        yield Column(f"{name}_minor", Kind.INTEGER, minor)
        yield Column(name, Kind.DECIMAL_TEXT, MAJOR_UNITS.format(minor=minor))


INVOICES = Document(
    name="invoices",
    relation="reporting.rpt_invoice_register as register",
    amount="total_minor",
    order='register.legal_entity_id collate "C", register.period_start,'
    ' register.customer_id collate "C", register.invoice_key collate "C"',
    columns=(
        *_columns("register", Kind.TEXT, "invoice_key", "invoice_number", "status"),
        *_columns("register", Kind.TEXT, "legal_entity_id", "legal_entity_name"),
        *_columns("register", Kind.TEXT, "customer_id", "customer_name"),
        *_columns("register", Kind.DATE, "period_start", "period_end"),
        *_columns("register", Kind.TIMESTAMP, "issued_at"),
        *_columns("register", Kind.DATE, "due_on"),
        *_columns("register", Kind.TEXT, "currency_code"),
        *_columns("register", Kind.INTEGER, "currency_exponent", "line_count"),
        *_amounts("register", "subtotal", "tax", "included_tax", "credit", "total", "adjustment"),
        *_columns("register", Kind.INTEGER, "catalog_version"),
    ),
)

INVOICE_LINES = Document(
    name="invoice_lines",
    relation="reporting.rpt_invoice_lines as line"
    " inner join reporting.rpt_invoice_register as register"
    " on line.invoice_key = register.invoice_key",
    amount="amount_minor",
    order='register.legal_entity_id collate "C", register.period_start,'
    ' register.customer_id collate "C", register.invoice_key collate "C", line.line_number,'
    ' line.line_key collate "C"',
    columns=(
        *_columns("register", Kind.TEXT, "invoice_key", "invoice_number", "status"),
        *_columns("line", Kind.TEXT, "line_key"),
        *_columns("line", Kind.INTEGER, "line_number"),
        *_columns("line", Kind.TEXT, "line_type", "charge_key", "source_id", "adjusted_line_type"),
        *_columns("line", Kind.DATE, "charge_month"),
        *_columns("register", Kind.TEXT, "legal_entity_id", "customer_id", "customer_name"),
        *_columns("register", Kind.DATE, "period_start", "period_end"),
        *_columns("line", Kind.TEXT, "subscription_id", "plan_name"),
        *_columns("line", Kind.TEXT, "price_id", "price_version_id", "charge_model", "label"),
        *_columns("line", Kind.TEXT, "meter_id", "meter_name", "unit", "dimension_filter"),
        *_columns("line", Kind.DATE, "service_start", "service_end"),
        *_columns("line", Kind.QUANTITY, "quantity"),
        *_columns("line", Kind.UNROUNDED, "amount_unrounded"),
        *_columns("register", Kind.TEXT, "currency_code"),
        *_columns("register", Kind.INTEGER, "currency_exponent"),
        *_amounts("line", "amount", "discount"),
    ),
)

INVOICE_TAXES = Document(
    name="invoice_taxes",
    relation="reporting.rpt_invoice_taxes as tax"
    " inner join reporting.rpt_invoice_register as register"
    " on tax.invoice_key = register.invoice_key",
    amount="tax_minor",
    order='register.legal_entity_id collate "C", register.period_start,'
    ' register.customer_id collate "C", register.invoice_key collate "C",'
    ' tax.rate_percent desc, tax.treatment collate "C", tax.tax_key collate "C"',
    columns=(
        *_columns("register", Kind.TEXT, "invoice_key", "invoice_number", "status"),
        *_columns("tax", Kind.TEXT, "tax_key"),
        *_columns("register", Kind.TEXT, "legal_entity_id", "customer_id", "customer_name"),
        *_columns("tax", Kind.TEXT, "country_code"),
        *_columns("register", Kind.DATE, "period_start", "period_end"),
        *_columns("tax", Kind.TEXT, "treatment", "tax_exempt_reason"),
        *_columns("tax", Kind.UNROUNDED, "rate_percent"),
        Column("is_included", Kind.TEXT, "tax.is_included::text"),
        *_columns("register", Kind.TEXT, "currency_code"),
        *_columns("register", Kind.INTEGER, "currency_exponent"),
        *_amounts("tax", "base", "tax"),
    ),
)

CREDIT_APPLICATIONS = Document(
    name="credit_applications",
    relation="reporting.rpt_credit_applications as credit"
    " inner join reporting.rpt_invoice_register as register"
    " on credit.invoice_key = register.invoice_key",
    amount="amount_minor",
    order='register.legal_entity_id collate "C", register.period_start,'
    ' register.customer_id collate "C", register.invoice_key collate "C", credit.position,'
    ' credit.application_key collate "C"',
    columns=(
        *_columns("register", Kind.TEXT, "invoice_key", "invoice_number", "status"),
        *_columns("credit", Kind.TEXT, "application_key"),
        *_columns("register", Kind.TEXT, "legal_entity_id", "customer_id", "customer_name"),
        *_columns("register", Kind.DATE, "period_start", "period_end"),
        *_columns("credit", Kind.TEXT, "grant_id", "label"),
        *_columns("register", Kind.TEXT, "currency_code"),
        *_columns("register", Kind.INTEGER, "currency_exponent"),
        *_amounts("credit", "amount"),
    ),
)

DOCUMENTS = (INVOICES, INVOICE_LINES, INVOICE_TAXES, CREDIT_APPLICATIONS)
