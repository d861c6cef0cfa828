{# A query of the invoices of a closed month whose total or line count is not that of their lines. #}
{%- macro closed_total_faults(entity, period) -%}
    select invoices.invoice_number
    from {{ ref('fct_invoices') }} as invoices
    left join {{ ref('fct_invoice_lines') }} as lines
        on invoices.customer_id = lines.customer_id and invoices.invoice_key = lines.invoice_key
    where invoices.legal_entity_id = {{ entity }} and invoices.period_start = {{ period }}
    group by invoices.invoice_number, invoices.total_minor, invoices.line_count
    having
        invoices.total_minor <> coalesce(sum(lines.amount_minor), 0)
        or invoices.line_count <> count(lines.line_key)
    order by invoices.invoice_number
{%- endmacro -%}
