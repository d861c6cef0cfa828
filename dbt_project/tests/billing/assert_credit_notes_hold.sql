-- A credit note is the sum of its lines; notes never take more off an invoice line than it has; notes of a legal
-- entity and year are numbered 1, 2, 3 ... up to the last number of their series.
with

note_sums as (

    select
        customer_id,
        credit_note_key,
        count(*) as line_count,
        sum(amount_minor) as subtotal_minor
    from {{ ref('fct_credit_note_lines') }}
    group by customer_id, credit_note_key

),

unequal as (

    select 'not the sum of its lines: ' || notes.credit_note_number as fault
    from {{ ref('fct_credit_notes') }} as notes
    left join note_sums
        on
            notes.customer_id = note_sums.customer_id
            and notes.credit_note_key = note_sums.credit_note_key
    where
        notes.line_count is distinct from note_sums.line_count
        or notes.subtotal_minor is distinct from note_sums.subtotal_minor
        or notes.total_minor <> notes.subtotal_minor + notes.tax_minor

),

overdrawn as (

    select 'more than the line has: ' || invoice_number || ', line ' || line_number as fault
    from {{ ref('int_lines_creditable') }}
    where remaining_minor not between least(amount_minor, 0) and greatest(amount_minor, 0)

),

numbered as (

    select
        legal_entity_id,
        reverse(split_part(reverse(credit_note_number), '-', 2))::integer as issue_year,
        count(*) as note_count,
        max(reverse(split_part(reverse(credit_note_number), '-', 1))::bigint) as last_number,
        count(distinct credit_note_number) as number_count
    from {{ ref('fct_credit_notes') }}
    group by legal_entity_id, issue_year

),

gaps as (

    select 'numbers have gaps: ' || series.legal_entity_id || ' ' || series.issue_year as fault
    from numbered
    full outer join {{ source('ops', 'credit_note_number_series') }} as series
        on
            numbered.legal_entity_id = series.legal_entity_id
            and numbered.issue_year = series.issue_year
    where
        coalesce(numbered.note_count, 0) <> coalesce(series.last_number, 0)
        or numbered.last_number <> numbered.note_count
        or numbered.number_count <> numbered.note_count

)

select fault from unequal
union all
select fault from overdrawn
union all
select fault from gaps
