-- grain: one row per invoice_key
{{ config(pre_hook="{{ ensure_closed_table('fct_invoices') }}") }}

with

source_rows as (

    select
        invoice_key,
        invoice_number,
        customer_id,
        legal_entity_id,
        catalog_version,
        period_start,
        issued_at
    from {{ source('closed', 'fct_invoices') }}

)

select * from source_rows
