-- grain: one row per contract_id and month_start, the last billing month of an interval
with

contracts as (

    select
        customer_id,
        contract_id,
        label,
        interval,
        minimum_commitment_unrounded,
        currency_code,
        starts_on,
        ends_on,
        catalog_version,
        case interval
            when 'month' then 1
            when 'quarter' then 3
            when 'year' then 12
            when 'term'
                then
                    12 * (extract(year from ends_on) - extract(year from starts_on))::integer
                    + (extract(month from ends_on) - extract(month from starts_on))::integer
        end as interval_months
    from {{ ref('stg_catalog__contracts') }}

),

newest as (

    select
        contract_id,
        catalog_version
    from {{ ref('int_contracts_known') }}

),

customer_months as (

    select
        customer_id,
        month_start,
        month_end,
        legal_entity_id,
        catalog_version,
        is_frozen,
        rounding_mode
    from {{ ref('int_customer_months') }}
    where not is_ahead

),

currencies as (

    select
        currency_code,
        currency_exponent
    from {{ ref('currencies') }}

),

covered_months as (

    select
        contracts.*,
        customer_months.month_start,
        customer_months.month_end,
        customer_months.legal_entity_id,
        customer_months.catalog_version as month_catalog_version,
        customer_months.rounding_mode,
        currencies.currency_exponent,
        contracts.starts_on + make_interval(
            months => contracts.interval_months * (
                (
                    12 * (extract(year from customer_months.month_start) - extract(year from contracts.starts_on))
                    + extract(month from customer_months.month_start) - extract(month from contracts.starts_on)
                )::integer / contracts.interval_months
            )
        ) as interval_starts
    from contracts
    inner join newest on contracts.contract_id = newest.contract_id
    inner join customer_months
        on
            contracts.customer_id = customer_months.customer_id
            -- as the newest version has it, if that is not one from before the close; a frozen month as then
            and newest.catalog_version >= customer_months.catalog_version
            and contracts.catalog_version = case
                when customer_months.is_frozen then customer_months.catalog_version
                else newest.catalog_version
            end
            and contracts.starts_on <= customer_months.month_start
            and coalesce(contracts.ends_on, date 'infinity') > customer_months.month_start
    inner join currencies on contracts.currency_code = currencies.currency_code

),

intervals as (

    select
        customer_id,
        contract_id,
        month_start,
        legal_entity_id,
        month_catalog_version as catalog_version,
        label,
        currency_code,
        currency_exponent,
        rounding_mode,
        minimum_commitment_unrounded,
        interval_starts::date as interval_start,
        month_end as interval_end,
        (interval_starts + make_interval(months => interval_months))::date as full_interval_end
    from covered_months
    where month_end in ((interval_starts + make_interval(months => interval_months))::date, ends_on)

)

select * from intervals
