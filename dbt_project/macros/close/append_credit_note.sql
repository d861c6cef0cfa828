{# Writes a credit note on a closed invoice: its lines, what they take off the taxes,
   then its header as their sum.
   lines: a query of the lines with what is taken off them; note: SQL literals of what the header says. #}
{%- macro append_credit_note(lines, note) -%}
    {%- set key = surrogate_key([note.invoice, note.number]) -%}
    {%- set copied = [
        'line_key', 'invoice_key', 'billed_line_type', 'charge_key', 'source_id', 'customer_id', 'legal_entity_id',
        'subscription_id', 'plan_name', 'price_id', 'price_version_id', 'charge_model', 'label', 'meter_id',
        'dimension_filter', 'currency_code', 'currency_exponent', 'charge_month', 'service_start', 'service_end'
    ] | join(', ') -%}
    {%- call statement('note_lines') -%}
        insert into {{ ref('fct_credit_note_lines') }} (
            credit_note_key, is_counted_as_billed, line_number, invoice_line_number, quantity, amount_unrounded,
            amount_minor, {{ copied }}
        )
        select
            {{ key }},
            {{ note.is_counted_as_billed }},
            row_number() over (order by line_number)::integer,
            line_number,
            credited_quantity,
            credited_unrounded,
            credited_minor::bigint,
            {{ copied }}
        from ({{ lines }}) as credited
    {%- endcall -%}
    {%- do append_note_taxes(key) -%}
    {%- call statement('note') -%}
        insert into {{ ref('fct_credit_notes') }} ({{ closed_columns('fct_credit_notes') }})
        select {{ closed_columns('fct_credit_notes') }}
        from (
            select
                invoices.invoice_key,
                invoices.invoice_number,
                invoices.legal_entity_id,
                invoices.legal_entity_name,
                invoices.customer_id,
                invoices.customer_name,
                invoices.country_code,
                invoices.currency_code,
                invoices.currency_exponent,
                invoices.period_start,
                {{ key }} as credit_note_key,
                {{ note.number }} as credit_note_number,
                {{ note.type }} as note_type,
                {{ note.reason }} as reason,
                {{ note.issued_by }} as issued_by,
                {{ note.issued_at }} as issued_at,
                {{ note.is_counted_as_billed }} as is_counted_as_billed,
                note_lines.line_count,
                note_lines.subtotal_minor,
                note_taxes.tax_minor,
                note_taxes.included_tax_minor,
                note_lines.subtotal_minor + note_taxes.tax_minor as total_minor
            from {{ ref('fct_invoices') }} as invoices
            cross join (
                select count(*)::integer as line_count, sum(amount_minor)::bigint as subtotal_minor
                from {{ ref('fct_credit_note_lines') }}
                where credit_note_key = {{ key }}
            ) as note_lines
            cross join (
                select
                    coalesce(sum(tax_minor) filter (where not is_included), 0)::bigint as tax_minor,
                    coalesce(sum(tax_minor) filter (where is_included), 0)::bigint as included_tax_minor
                from {{ ref('fct_credit_note_taxes') }}
                where credit_note_key = {{ key }}
            ) as note_taxes
            where invoices.invoice_number = {{ note.invoice }}
        ) as notes
    {%- endcall -%}
{%- endmacro -%}
