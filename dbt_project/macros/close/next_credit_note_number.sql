{# Counts the series of credit notes of a legal entity up by one and gives (credit_note_number); its lock is held.
   Arguments are SQL: the legal entity, the instant of issue. #}
{%- macro next_credit_note_number(entity, issued) -%}
    with counted as (
        insert into {{ source('ops', 'credit_note_number_series') }} as series (
            legal_entity_id, issue_year, last_number
        )
        values ({{ entity }}, extract(year from {{ issued }} at time zone 'UTC')::integer, 1)
        on conflict (legal_entity_id, issue_year) do update set last_number = series.last_number + 1
        returning legal_entity_id, issue_year, last_number
    )
    select
        entities.invoice_number_prefix || '-CN-' || counted.issue_year || '-' || case
            when counted.last_number < 1000000 then lpad(counted.last_number::text, 6, '0')
            else counted.last_number::text
        end as credit_note_number
    from counted
    inner join {{ ref('int_legal_entities_known') }} as entities on counted.legal_entity_id = entities.legal_entity_id
{%- endmacro -%}
