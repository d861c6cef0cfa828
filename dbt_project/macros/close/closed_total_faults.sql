{# A query of the invoices of a closed month that are not their lines and taxes without their credits. #}
{%- macro closed_total_faults(entity, period) -%}
    select invoices.invoice_number
    from {{ ref('fct_invoices') }} as invoices
    left join (
        select customer_id, invoice_key, count(*) as line_count, sum(amount_minor) as amount_minor
        from {{ ref('fct_invoice_lines') }}
        where period_start = {{ period }}
        group by customer_id, invoice_key
    ) as lines
        on invoices.customer_id = lines.customer_id and invoices.invoice_key = lines.invoice_key
    left join (
        select
            customer_id,
            invoice_key,
            coalesce(sum(tax_minor) filter (where not is_included), 0) as tax_minor,
            coalesce(sum(tax_minor) filter (where is_included), 0) as included_tax_minor
        from {{ ref('fct_invoice_taxes') }}
        where period_start = {{ period }}
        group by customer_id, invoice_key
    ) as taxes
        on invoices.customer_id = taxes.customer_id and invoices.invoice_key = taxes.invoice_key
    left join (
        select customer_id, invoice_key, sum(amount_minor) as credit_minor
        from {{ ref('fct_credit_applications') }}
        where period_start = {{ period }}
        group by customer_id, invoice_key
    ) as credits
        on invoices.customer_id = credits.customer_id and invoices.invoice_key = credits.invoice_key
    where
        invoices.legal_entity_id = {{ entity }}
        and invoices.period_start = {{ period }}
        and (
            invoices.line_count <> coalesce(lines.line_count, 0)
            or invoices.subtotal_minor <> coalesce(lines.amount_minor, 0)
            or invoices.tax_minor <> coalesce(taxes.tax_minor, 0)
            or invoices.included_tax_minor <> coalesce(taxes.included_tax_minor, 0)
            or invoices.credit_minor <> coalesce(credits.credit_minor, 0)
            or invoices.total_minor <> invoices.subtotal_minor + invoices.tax_minor - invoices.credit_minor
        )
    order by invoices.invoice_number
{%- endmacro -%}
