-- The invoices of a legal entity and year of issue are numbered 1, 2, 3 ... up to the last number of the series.
with

numbered as (

    select
        legal_entity_id,
        split_part(reverse(invoice_number), '-', 2) as reversed_year,
        reverse(split_part(reverse(invoice_number), '-', 1))::bigint as number
    from {{ ref('fct_invoices') }}

),

found as (

    select
        legal_entity_id,
        reverse(reversed_year)::integer as issue_year,
        count(*) as invoice_count,
        count(distinct number) as number_count,
        min(number) as first_number,
        max(number) as last_number
    from numbered
    group by legal_entity_id, issue_year

)

select
    found.legal_entity_id,
    found.issue_year,
    series.last_number
from found
full outer join {{ source('ops', 'invoice_number_series') }} as series
    on
        found.legal_entity_id = series.legal_entity_id
        and found.issue_year = series.issue_year
where
    coalesce(found.invoice_count, 0) <> coalesce(series.last_number, 0)
    or found.number_count <> found.invoice_count
    or found.first_number <> 1
    or found.last_number <> series.last_number
