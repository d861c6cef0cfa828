{# A query of (problem, remedy): what stands against a credit note; arguments are SQL literals. #}
{%- macro credit_note_problems(invoice, line, amount, is_counted_as_billed) -%}
    select
        'no closed invoice has the number ' || {{ invoice }} as problem,
        'give the number of a closed invoice; a draft changes by itself' as remedy
    where not exists (select 1 from {{ ref('fct_invoices') }} where invoice_number = {{ invoice }})
    union all
    select
        'invoice ' || invoice_number || ' has no line ' || {{ line }},
        'invoice show has its lines'
    from {{ ref('fct_invoices') }}
    where
        invoice_number = {{ invoice }}
        and {{ line }} is not null
        and not exists (select 1 from ({{ lines_to_credit(invoice, line, amount) }}) as lines)
    union all
    select
        'invoice ' || invoice_number || ' has nothing left to credit',
        'invoice show has its credit notes'
    from {{ ref('fct_invoices') }}
    where
        invoice_number = {{ invoice }}
        and {{ line }} is null
        and not exists (select 1 from ({{ lines_to_credit(invoice, line, amount) }}) as lines)
    union all
    select
        'line ' || line_number || ' has ' || trim_scale(remaining_minor / power(10::numeric, currency_exponent))
        || ' ' || currency_code || ' left to credit, not ' || {{ amount }},
        'credit at most that'
    from ({{ lines_to_credit(invoice, line, amount) }}) as lines
    where {{ line }} is not null and -credited_minor > greatest(remaining_minor, 0)
    union all
    select
        {{ amount }} || ' ' || currency_code || ' is not a whole number of its smallest unit',
        'give at most ' || currency_exponent || ' decimal places'
    from ({{ lines_to_credit(invoice, line, amount) }}) as lines
    where credited_minor <> credited_minor::bigint
    union all
    select
        'legal entity ' || entities.legal_entity_id || ' bills nothing of a closed month again',
        'credit without --rebill, or change its late_usage_policy in the catalog'
    from {{ ref('fct_invoices') }} as invoices
    inner join {{ ref('int_legal_entities_known') }} as entities
        on invoices.legal_entity_id = entities.legal_entity_id
    where
        invoices.invoice_number = {{ invoice }}
        and {{ is_counted_as_billed }}
        and entities.late_usage_policy = 'frozen'
{%- endmacro -%}
