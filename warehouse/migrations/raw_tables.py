"""The raw tables that dlt appends to: ours, so that it never infers, names or alters anything."""

RAW_USAGE = """
-- grain: one row per landed delivery (a crash can land one twice; the ledger says what counts)
create table raw_usage.events (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    file_number integer not null,
    line_number bigint not null,
    customer_id text collate "C" not null,
    event_id text collate "C" not null,
    event_type text collate "C" not null,
    occurred_at timestamptz not null,
    quantity numeric(38, 9) not null,
    properties text collate "C" not null
);
create index events_load_id on raw_usage.events using brin (load_id) with (pages_per_range = 32);

-- grain: one row per landed line that is no event
create table raw_usage.rejected (
    load_id bigint not null,
    delivery_id text collate "C" not null,
    file_number integer not null,
    line_number bigint not null,
    reason text collate "C" not null,
    detail text not null,
    raw_text text not null
);
create index rejected_load_id on raw_usage.rejected
    using brin (load_id) with (pages_per_range = 32);
"""

RAW_CATALOG = """
-- grain: one row per catalog version and legal entity
create table raw_catalog.legal_entities (
    catalog_version bigint not null,
    legal_entity_id text collate "C" not null,
    legal_entity_name text not null,
    country_code text not null,
    address text not null,
    vat_id text,
    invoice_number_prefix text not null,
    grace_period_days integer not null,
    payment_terms_days integer not null,
    rounding_mode text not null
);
-- grain: one row per catalog version and customer
create table raw_catalog.customers (
    catalog_version bigint not null,
    customer_id text collate "C" not null,
    customer_name text not null,
    legal_entity_id text collate "C" not null,
    country_code text not null,
    currency_code text not null
);
-- grain: one row per catalog version and meter; dimensions is a JSON array of property names
create table raw_catalog.meters (
    catalog_version bigint not null,
    meter_id text collate "C" not null,
    meter_name text not null,
    event_type text collate "C" not null,
    aggregation text not null,
    unit text not null,
    dimensions text not null,
    reconciles_with text,
    reconciliation_hours integer
);
-- grain: one row per catalog version and plan
create table raw_catalog.plans (
    catalog_version bigint not null,
    plan_id text collate "C" not null,
    plan_name text not null,
    currency_code text not null
);
-- grain: one row per catalog version, price and valid_from; filter is a JSON object, '{}' for none
create table raw_catalog.prices (
    catalog_version bigint not null,
    price_id text collate "C" not null,
    valid_from date not null,
    valid_to date,
    plan_id text collate "C" not null,
    meter_id text collate "C",
    label text not null,
    charge_model text not null,
    filter text not null,
    unit_price_unrounded numeric(38, 12),
    flat_amount_unrounded numeric(38, 12),
    package_size numeric(38, 9),
    package_price_unrounded numeric(38, 12),
    free_units numeric(38, 9) not null,
    tier_boundary text not null,
    is_zero_usage_flat_fee_charged boolean not null
);
-- grain: one row per catalog version, price, valid_from and tier; up_to is null in the open tier
create table raw_catalog.price_tiers (
    catalog_version bigint not null,
    price_id text collate "C" not null,
    valid_from date not null,
    tier_number integer not null,
    up_to numeric(38, 9),
    unit_price_unrounded numeric(38, 12) not null,
    flat_fee_unrounded numeric(38, 12) not null
);
-- grain: one row per catalog version and subscription; [starts_on, ends_on), UTC days
create table raw_catalog.subscriptions (
    catalog_version bigint not null,
    subscription_id text collate "C" not null,
    customer_id text collate "C" not null,
    plan_id text collate "C" not null,
    starts_on date not null,
    ends_on date
);
"""
