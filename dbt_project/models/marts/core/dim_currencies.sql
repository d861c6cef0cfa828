-- grain: one row per currency_code
with

currencies as (

    select
        currency_code,
        currency_name,
        currency_exponent
    from {{ ref('currencies') }}

)

select * from currencies
