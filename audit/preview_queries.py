"""What a preview reads: the drafts, and what tables held as of an instant."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

DRAFTS = """
select 'invoice' as kind, to_jsonb(invoices)::text as row from marts.fct_draft_invoices as invoices
union all
select 'line', to_jsonb(lines)::text from marts.fct_draft_invoice_lines as lines
union all
select 'tier', to_jsonb(tiers)::text from marts.fct_draft_invoice_line_tiers as tiers
"""
VALUED_ON_THE_DAY = text("""
    select meter_id from marts.agg_usage_latest_daily
    where customer_id = :customer_id and usage_date = :day
    union all
    select meter_id from marts.agg_usage_values_daily
    where customer_id = :customer_id and usage_date = :day
    union all
    select meter_id from marts.agg_usage_quantities_daily
    where customer_id = :customer_id and usage_date = :day
    union all
    select meter_id from marts.agg_usage_levels_daily
    where customer_id = :customer_id and usage_date = :day
    limit 1
""")
# a table's own types: what is inserted into it is cast to them
_REPLACED_MODELS = text("""
    select
        'intermediate.' || model_name as name,
        'select ' || (
            select string_agg(
                quote_ident(attname) || '::' || format_type(atttypid, atttypmod)
                || ' as ' || quote_ident(attname), ', ' order by attnum
            )
            from pg_attribute
            where attrelid = to_regclass('intermediate.' || model_name)
                and attnum > 0 and not attisdropped
        ) || ' from (' || model_sql || E'\n) as made' as query
    from ops.replaced_models
    where model_sql is not null and to_regclass('intermediate.' || model_name) is not null
""")
_MONTHS = text("select pg_get_viewdef('intermediate.int_billing_months'::regclass)")
_CLOSES = '(select * from staging."stg_ops__closes" where closed_at <= {instant})'
_VALUED = ("latest", "values", "quantities", "levels")
# days that are over come from the table, the rest of the day from its events
_DAILY = """
select customer_id, meter_id, dimension_key, usage_date, event_count, quantity_sum, quantity_max
from marts."agg_usage_daily"
where customer_id = {customer} and usage_date < {day}
union all
select
    customer_id, meter_id, dimension_key, {day}, sum(event_count)::bigint,
    sum(quantity_sum)::numeric(38, 9), max(quantity_max)::numeric(38, 9)
from marts.agg_usage_rebuilt
group by customer_id, meter_id, dimension_key
"""
_MONTHLY = """
select
    customer_id, meter_id, dimension_key,
    date_trunc('month', usage_date::timestamp)::date as usage_month,
    sum(event_count)::bigint as event_count, sum(quantity_sum)::numeric(38, 9) as quantity_sum,
    max(quantity_max) as quantity_max
from marts.agg_usage_daily
group by customer_id, meter_id, dimension_key, usage_month
"""
_BY_DAY = """
select * from marts."agg_usage_{kind}_daily"
where customer_id = {customer} and usage_date < {day}
"""
_FACTS = """
select * from marts."fct_usage_events"
where customer_id = {customer} and occurred_at < {instant}
"""
_ISSUED = 'select * from marts."{table}" where customer_id = {customer} and issued_at <= {instant}'
_OF_ISSUED = """
select * from marts."{table}" where customer_id = {customer} and {key} in (
    select {key} from marts."{headers}" where customer_id = {customer} and issued_at <= {instant}
)
"""
_CLOSED = (
    ("fct_invoice_lines", "invoice_key", "fct_invoices"),
    ("fct_invoice_line_tiers", "invoice_key", "fct_invoices"),
    ("fct_invoice_taxes", "invoice_key", "fct_invoices"),
    ("fct_credit_applications", "invoice_key", "fct_invoices"),
    ("fct_credit_note_lines", "credit_note_key", "fct_credit_notes"),
)


def replacements_of(connection: Connection, customer_id: str, as_of: datetime) -> dict[str, str]:
    """Says what is read in place of tables so that everything is as of an instant.

    Sets the range of `agg_usage_rebuilt` for the transaction: the part of the day before it.

    Args:
        connection: The connection that the drafts will be read on.
        customer_id: The customer.
        as_of: The instant, in UTC.

    Returns:
        Relation to query, for `ops.stacked_query`.
    """
    quoted = "'" + customer_id.replace("'", "''") + "'"
    words = {
        "customer": f"{quoted}::text",
        "day": f"date '{as_of:%Y-%m-%d}'",
        "instant": f"timestamptz '{as_of.isoformat()}'",
    }
    settings = "select set_config('meterhouse.usage_from', :start, true), set_config("
    settings += "'meterhouse.usage_to', :end, true)"
    midnight = as_of.replace(hour=0, minute=0, second=0, microsecond=0)
    connection.execute(text(settings), {"start": midnight.isoformat(), "end": as_of.isoformat()})
    found = {row.name: row.query for row in connection.execute(_REPLACED_MODELS)}
    found["marts.agg_usage_daily"] = _DAILY.format(**words)
    found["marts.agg_usage_monthly"] = _MONTHLY
    found["marts.fct_usage_events"] = _FACTS.format(**words)
    for kind in _VALUED:
        found[f"marts.agg_usage_{kind}_daily"] = _BY_DAY.format(kind=kind, **words)
    for table in ("fct_invoices", "fct_credit_notes"):
        found[f"marts.{table}"] = _ISSUED.format(table=table, **words)
    for table, key, headers in _CLOSED:
        found[f"marts.{table}"] = _OF_ISSUED.format(table=table, key=key, headers=headers, **words)
    found["intermediate.int_billing_months"] = _months_begun(connection, words)
    return found


def _months_begun(connection: Connection, words: dict[str, str]) -> str:
    """The months up to the instant's, and no close after it; by the model's own query."""
    query = str(connection.execute(_MONTHS).scalar_one()).rstrip(";")
    newest = f"(select date_trunc('month', {words['day']}::timestamp)::date as usage_month)"
    closes = _CLOSES.format(**words)
    query = query.replace("marts.agg_usage_monthly", f"{newest} agg_usage_monthly")
    return query.replace("staging.stg_ops__closes", f"{closes} stg_ops__closes")
