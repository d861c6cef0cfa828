-- grain: one row per customer_id, subscription_id, price_version_id and month_start that is rounded with its invoice
with

charges as (

    select
        subscription_id,
        price_version_id,
        month_start,
        customer_id,
        legal_entity_id,
        catalog_version,
        currency_code,
        currency_exponent,
        rounding_mode,
        amount_exact
    from {{ ref('int_charges_rated') }}

),

legal_entities as (

    select
        catalog_version,
        legal_entity_id
    from {{ ref('stg_catalog__legal_entities') }}
    where rounding_scope = 'invoice'

),

in_advance as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        billed_month
    from {{ ref('int_charges_in_advance') }}

),

scaled as (

    select
        charges.*,
        coalesce(in_advance.billed_month, charges.month_start) as billed_month,
        charges.amount_exact * power(10::numeric, charges.currency_exponent) as amount_scaled
    from charges
    inner join legal_entities
        on
            charges.catalog_version = legal_entities.catalog_version
            and charges.legal_entity_id = legal_entities.legal_entity_id
    left join in_advance
        on
            charges.customer_id = in_advance.customer_id
            and charges.subscription_id = in_advance.subscription_id
            and charges.price_version_id = in_advance.price_version_id
            and charges.month_start = in_advance.month_start

),

-- the whole minor units at or below each amount, and what is missing to the amount
parted as (

    select
        scaled.*,
        div(amount_scaled, 1) - (case when amount_scaled < div(amount_scaled, 1) then 1 else 0 end) as whole_minor,
        sum(amount_exact) over (partition by customer_id, billed_month, currency_code) as invoice_exact
    from scaled

),

ranked as (

    select
        parted.*,
        {{ to_minor_units('invoice_exact', 'currency_exponent', 'rounding_mode') }}
        - sum(whole_minor) over (partition by customer_id, billed_month, currency_code) as residual_minor,
        row_number() over (
            partition by customer_id, billed_month, currency_code
            order by amount_scaled - whole_minor desc, subscription_id, price_version_id, month_start
        ) as remainder_rank
    from parted

),

rounded as (

    select
        customer_id,
        subscription_id,
        price_version_id,
        month_start,
        (whole_minor + (case when remainder_rank <= residual_minor then 1 else 0 end))::bigint as amount_minor,
        currency_code
    from ranked

)

select * from rounded
