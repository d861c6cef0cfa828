"""The reporting views give what pages and exports read: every column that others may rely on."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from warehouse import Role, Warehouse

AMOUNTS = "currency_code currency_exponent"
LINE = "invoice_key line_key"
PROMISED = {
    "rpt_data_freshness": "data_version data_as_of landed_load_count pending_load_count event_count"
    " newest_event_at last_closed_period_start",
    "rpt_overview_months": f"month_start {AMOUNTS} status invoice_count customer_count total_minor"
    " closed_total_minor draft_total_minor adjustment_minor previous_total_minor"
    " total_change_minor event_count",
    "rpt_usage_daily": "usage_date customer_id customer_name meter_id meter_name unit aggregation"
    " dimension_key event_count quantity",
    "rpt_customers": "customer_id customer_name legal_entity_id currency_code country_code",
    "rpt_invoice_register": "invoice_key invoice_number status legal_entity_id legal_entity_name"
    f" customer_id customer_name {AMOUNTS} period_start period_end issued_at due_on line_count"
    " subtotal_minor tax_minor included_tax_minor credit_minor total_minor adjustment_minor"
    " catalog_version",
    "rpt_invoice_taxes": f"tax_key invoice_key status customer_id country_code treatment"
    f" tax_exempt_reason rate_percent line_count base_minor tax_minor is_included {AMOUNTS}",
    "rpt_invoice_line_taxes": f"{LINE} tax_key status customer_id treatment rate_percent"
    f" amount_minor tax_minor is_included {AMOUNTS}",
    "rpt_credit_applications": f"application_key invoice_key status grant_id customer_id label"
    f" position amount_minor {AMOUNTS}",
    "rpt_credit_grants": f"grant_id customer_id customer_name label priority granted_minor"
    f" applied_minor remaining_minor drafted_minor left_after_drafts_minor granted_on expires_on"
    f" {AMOUNTS}",
    "rpt_invoice_lines": f"{LINE} invoice_number line_number line_type charge_key source_id"
    " adjusted_line_type charge_month discount_minor tax_category customer_id subscription_id"
    " plan_name price_id price_version_id charge_model label meter_id meter_name unit"
    f" dimension_filter service_start service_end quantity amount_unrounded amount_minor {AMOUNTS}"
    " status",
    "rpt_invoice_line_tiers": f"{LINE} tier_number up_to quantity unit_price_unrounded"
    f" flat_fee_unrounded amount_unrounded {AMOUNTS}",
    "rpt_event_fates": "load_id fate reason delivery_count landed_at mapping_name",
    "rpt_quarantine": "load_id delivery_id file_name line_number reason detail customer_id event_id"
    " raw_text state who why decided_at replay_load_id replay_delivery_id",
    "rpt_quarantine_reasons": "reason delivery_count open_count replayed_count discarded_count"
    " customer_count oldest_open_at newest_at",
    "rpt_delivery_balance": "grain label counted_on received_count accepted_count duplicate_count"
    " open_count replayed_count discarded_count conflicting_count withdrawn_count"
    " waiting_count",
    "rpt_conflicts": "load_id delivery_id customer_id event_id first_delivery_id first_load_id"
    " state differing_fields event_type occurred_at quantity properties first_event_type"
    " first_occurred_at first_quantity first_properties landed_at",
    "rpt_event_withdrawals": "by_load_id by_delivery_id customer_id event_id reason load_id"
    " delivery_id occurred_at landed_at",
    "rpt_kafka_gaps": "topic topic_id partition_number first_offset next_offset missing_count"
    " reason found_at",
}
KINDS = {"_minor": "bigint", "_exponent": "integer", "_count": "bigint", "_quantity": "numeric"}
SMALLER_COUNTS = {
    ("rpt_invoice_register", "line_count"),
    ("rpt_invoice_taxes", "line_count"),
}


@pytest.mark.parametrize("view", PROMISED)
def test_a_view_has_the_columns_it_promises(deployed: Warehouse, view: str) -> None:
    query = text(
        "select attname, format_type(atttypid, null) from pg_attribute"
        " where attrelid = cast(:view as regclass) and attnum > 0 and not attisdropped"
    )
    with deployed.engine(Role.REPORTER).connect() as connection:
        found = dict(connection.execute(query, {"view": f"reporting.{view}"}).tuples().all())
    assert set(PROMISED[view].split()) - found.keys() == set()
    for name, kind in found.items():
        for ending, wanted in KINDS.items():
            if name.endswith(ending) and (view, name) not in SMALLER_COUNTS:
                assert kind == wanted, name


def test_the_freshness_of_an_empty_warehouse_is_one_row(deployed: Warehouse) -> None:
    with deployed.engine(Role.REPORTER).connect() as connection:
        rows = connection.execute(text("select * from reporting.rpt_data_freshness")).all()
    assert len(rows) == 1


def test_the_data_version_follows_the_data(deployed: Warehouse, billed_company: Warehouse) -> None:
    versions = set()
    for warehouse in (deployed, billed_company):
        with warehouse.engine(Role.REPORTER).connect() as connection:
            query = text("select data_version from reporting.rpt_data_freshness")
            versions.add(connection.execute(query).scalar_one())
    assert len(versions) == 2
    assert None not in versions
