-- grain: one row per customer_id, line_type, source_id, subscription_key and month_start
{{ config(
    materialized='replaced',
    primary_key=['customer_id', 'line_type', 'source_id', 'subscription_key', 'month_start']
) }}

with

lines as (

    select
        customer_id,
        'true_up' as line_type,
        plan_id as source_id,
        subscription_id as subscription_key,
        month_start,
        subscription_id,
        plan_id,
        legal_entity_id,
        catalog_version,
        label,
        null::text as tax_category,
        currency_code,
        currency_exponent,
        amount_minor,
        service_start,
        service_end
    from {{ ref('int_plan_commitments_trued_up') }}
    union all
    select
        customer_id,
        'true_up' as line_type,
        contract_id as source_id,
        '' as subscription_key,
        month_start,
        null as subscription_id,
        null as plan_id,
        legal_entity_id,
        catalog_version,
        label,
        null as tax_category,
        currency_code,
        currency_exponent,
        amount_minor,
        service_start,
        service_end
    from {{ ref('int_contract_commitments_trued_up') }}
    union all
    select
        customer_id,
        'one_off' as line_type,
        one_off_id as source_id,
        '' as subscription_key,
        month_start,
        null as subscription_id,
        null as plan_id,
        legal_entity_id,
        catalog_version,
        label,
        tax_category,
        currency_code,
        currency_exponent,
        amount_minor,
        service_start,
        service_end
    from {{ ref('int_one_off_lines_dated') }}

)

select * from lines
