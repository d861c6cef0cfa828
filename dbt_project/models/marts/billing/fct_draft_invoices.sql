-- grain: one row per customer_id, period_start and currency_code (open months)
with

invoices as (

    select
        invoice_key,
        legal_entity_id,
        legal_entity_name,
        customer_id,
        customer_name,
        country_code,
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
        period_end
    from {{ ref('int_invoices_drafted') }}

)

select * from invoices
