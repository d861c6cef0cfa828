{# A query of the drafts that a close of the month issues, with the numbers that they get: without gaps, in the
   order of their customers, after what the series has given out; arguments are SQL literals,
   customer null for all. #}
{%- macro invoices_to_issue(entity, period, closed, customer='null::text') -%}
    select
        invoices.*,
        entities.invoice_number_prefix || '-' || issue.issue_year || '-' || case
            when numbered.number < 1000000 then lpad(numbered.number::text, 6, '0')
            else numbered.number::text
        end as invoice_number,
        entities.address as legal_entity_address,
        entities.country_code as legal_entity_country_code,
        entities.vat_id as legal_entity_vat_id,
        customers.address as customer_address,
        customers.vat_id as customer_vat_id,
        issue.issue_day + invoices.payment_terms_days as due_on,
        {{ closed }} as issued_at
    from (
        select
            drafts.*,
            row_number() over (order by drafts.customer_id, drafts.currency_code) as position
        from {{ ref('int_invoices_drafted') }} as drafts
        where
            drafts.legal_entity_id = {{ entity }}
            and drafts.period_start = {{ period }}
            and drafts.customer_id = coalesce({{ customer }}, drafts.customer_id)
    ) as invoices
    cross join (
        select
            extract(year from {{ closed }} at time zone 'UTC')::integer as issue_year,
            ({{ closed }} at time zone 'UTC')::date as issue_day
    ) as issue
    inner join {{ ref('stg_catalog__legal_entities') }} as entities
        on
            invoices.catalog_version = entities.catalog_version
            and invoices.legal_entity_id = entities.legal_entity_id
    inner join {{ ref('int_customers_known') }} as customers on invoices.customer_id = customers.customer_id
    left join {{ source('ops', 'invoice_number_series') }} as series
        on
            invoices.legal_entity_id = series.legal_entity_id
            and issue.issue_year = series.issue_year
    cross join lateral (select coalesce(series.last_number, 0) + invoices.position as number) as numbered
{%- endmacro -%}
