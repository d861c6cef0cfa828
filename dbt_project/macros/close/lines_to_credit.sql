{# A query of the lines of a closed invoice that a credit note takes off, with what it takes: all that is left, or an
   amount off one line, which leaves the quantity as it is; arguments are SQL literals, null for all lines. #}
{%- macro lines_to_credit(invoice, line, amount) -%}
    select
        lines.*,
        case when {{ line }} is null then -lines.remaining_quantity else 0 end::numeric(38, 9) as credited_quantity,
        case when {{ line }} is null then -lines.remaining_unrounded else -({{ amount }}) end::numeric(38, 12)
            as credited_unrounded,
        case
            when {{ line }} is null then -lines.remaining_minor
            else -({{ amount }}) * power(10::numeric, lines.currency_exponent)
        end as credited_minor
    from {{ ref('int_lines_creditable') }} as lines
    where
        lines.invoice_number = {{ invoice }}
        and case
            when {{ line }} is null then lines.remaining_minor <> 0 or lines.remaining_quantity <> 0
            else lines.line_number = {{ line }}
        end
{%- endmacro -%}
