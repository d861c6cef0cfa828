-- grain: one row per invoice_key
with

closed_invoices as (

    select
        invoice_key,
        invoice_number,
        'closed' as status,
        legal_entity_id,
        legal_entity_name,
        customer_id,
        customer_name,
        currency_code,
        currency_exponent,
        catalog_version,
        line_count,
        coalesce(subtotal_minor, total_minor) as subtotal_minor,
        coalesce(tax_minor, 0) as tax_minor,
        coalesce(included_tax_minor, 0) as included_tax_minor,
        coalesce(credit_minor, 0) as credit_minor,
        total_minor,
        adjustment_minor,
        period_start,
        period_end,
        due_on,
        issued_at
    from {{ ref('fct_invoices') }}

),

draft_invoices as (

    select
        invoice_key,
        null::text as invoice_number,
        'draft' as status,
        legal_entity_id,
        legal_entity_name,
        customer_id,
        customer_name,
        currency_code,
        currency_exponent,
        catalog_version,
        line_count,
        subtotal_minor,
        tax_minor,
        included_tax_minor,
        credit_minor,
        total_minor,
        adjustment_minor,
        period_start,
        period_end,
        null::date as due_on,
        null::timestamptz as issued_at
    from {{ ref('fct_draft_invoices') }}

),

register as (

    select * from closed_invoices
    union all
    select * from draft_invoices

)

select * from register
