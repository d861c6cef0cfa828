{# Takes the tax off that goes with the lines of a credit note. Of each tax of the invoice, all notes so far take the
   part that they take off its lines, rounded once; this note takes what the earlier ones left of that. So notes that
   take off everything take off the whole tax, to the minor unit. key: SQL of the note's key. #}
{%- macro append_note_taxes(key) -%}
    {%- set part = '(taxes.tax_minor * noted.amount_to_date)::numeric(58, 20) / nullif(invoiced.amount_minor, 0)' -%}
    {%- call statement('note_taxes') -%}
        insert into {{ ref('fct_credit_note_taxes') }} ({{ closed_columns('fct_credit_note_taxes') }})
        select {{ closed_columns('fct_credit_note_taxes') }}
        from (
            select
                {{ key }} as credit_note_key,
                taxes.tax_key,
                taxes.invoice_key,
                taxes.customer_id,
                taxes.country_code,
                taxes.treatment,
                taxes.tax_exempt_reason,
                taxes.currency_code,
                taxes.currency_exponent,
                taxes.rate_percent,
                case when taxes.is_included then noted.amount_minor - taken.tax_minor else noted.amount_minor end
                    as base_minor,
                taken.tax_minor,
                taxes.is_included
            from (
                select
                    line_taxes.customer_id,
                    line_taxes.tax_key,
                    sum(note_lines.amount_minor) as amount_to_date,
                    sum(note_lines.amount_minor) filter (where note_lines.credit_note_key = {{ key }}) as amount_minor
                from {{ ref('fct_credit_note_lines') }} as note_lines
                inner join {{ ref('fct_invoice_line_taxes') }} as line_taxes
                    on
                        note_lines.customer_id = line_taxes.customer_id
                        and note_lines.line_key = line_taxes.line_key
                group by line_taxes.customer_id, line_taxes.tax_key
                having bool_or(note_lines.credit_note_key = {{ key }})
            ) as noted
            inner join {{ ref('fct_invoice_taxes') }} as taxes
                on noted.customer_id = taxes.customer_id and noted.tax_key = taxes.tax_key
            inner join (
                select line_taxes.customer_id, line_taxes.tax_key, sum(lines.amount_minor) as amount_minor
                from {{ ref('fct_invoice_line_taxes') }} as line_taxes
                inner join {{ ref('fct_invoice_lines') }} as lines
                    on line_taxes.customer_id = lines.customer_id and line_taxes.line_key = lines.line_key
                where
                    line_taxes.invoice_key in (
                        select invoice_key from {{ ref('fct_credit_note_lines') }} where credit_note_key = {{ key }}
                    )
                group by line_taxes.customer_id, line_taxes.tax_key
            ) as invoiced
                on noted.customer_id = invoiced.customer_id and noted.tax_key = invoiced.tax_key
            left join (
                select customer_id, tax_key, sum(tax_minor) as tax_minor
                from {{ ref('fct_credit_note_taxes') }}
                group by customer_id, tax_key
            ) as before on noted.customer_id = before.customer_id and noted.tax_key = before.tax_key
            cross join lateral (
                select
                    coalesce({{ to_minor_units(part, '0', "'half_away_from_zero'") }}, 0)
                    - coalesce(before.tax_minor, 0) as tax_minor
            ) as taken
        ) as note_taxes
    {%- endcall -%}
{%- endmacro -%}
