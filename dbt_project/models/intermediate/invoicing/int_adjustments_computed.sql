-- grain: one row per charge_key and currency_code whose closed amount is no longer right
with

live_lines as (

    select
        customer_id,
        line_type,
        source_id,
        subscription_id,
        price_version_id,
        month_start,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        tax_category,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        discount_minor,
        service_start,
        service_end
    from {{ ref('int_invoice_lines_computed') }}
    where is_closed

),

billed_lines as (

    select
        customer_id,
        line_type,
        source_id,
        subscription_id,
        price_version_id,
        month_start,
        price_id,
        meter_id,
        legal_entity_id,
        charge_model,
        label,
        plan_name,
        dimension_filter,
        tax_category,
        currency_code,
        currency_exponent,
        -quantity as quantity,
        -amount_unrounded as amount_unrounded,
        -amount_minor as amount_minor,
        -discount_minor as discount_minor,
        service_start,
        service_end
    from {{ ref('int_lines_billed') }}

),

-- both sides, what was billed with its sign turned: their sum is what is still to bill
signed_lines as (

    select live_lines.*, true as is_live from live_lines
    union all
    select billed_lines.*, false as is_live from billed_lines

),

-- grouped by what the charge_key is made of; words and days are those of now, or else those billed
differences as (

    select
        customer_id,
        line_type,
        source_id,
        subscription_id,
        price_version_id,
        month_start,
        max(price_id) as price_id,
        max(meter_id) as meter_id,
        coalesce(max(legal_entity_id) filter (where is_live), max(legal_entity_id)) as legal_entity_id,
        coalesce(max(charge_model) filter (where is_live), max(charge_model)) as charge_model,
        coalesce(max(label) filter (where is_live), max(label)) as label,
        coalesce(max(plan_name) filter (where is_live), max(plan_name)) as plan_name,
        coalesce(max(dimension_filter) filter (where is_live), max(dimension_filter)) as dimension_filter,
        coalesce(max(tax_category) filter (where is_live), max(tax_category)) as tax_category,
        currency_code,
        max(currency_exponent) as currency_exponent,
        sum(quantity)::numeric(38, 9) as quantity,
        sum(amount_unrounded)::numeric(38, 12) as amount_unrounded,
        sum(amount_minor)::bigint as amount_minor,
        sum(discount_minor)::bigint as discount_minor,
        coalesce(max(service_start) filter (where is_live), max(service_start)) as service_start,
        coalesce(max(service_end) filter (where is_live), max(service_end)) as service_end
    from signed_lines
    group by customer_id, line_type, source_id, subscription_id, price_version_id, month_start, currency_code
    having (sum(quantity), sum(amount_unrounded), sum(amount_minor), sum(discount_minor)) <> (0, 0, 0, 0)

),

open_months as (

    select
        customer_id,
        month_start
    from {{ ref('int_customer_months') }}
    where not is_closed

),

-- joined, not asked for each difference: that would cost differences times months;
-- the own month of a fee that was billed in advance can still be open
months_to_bill_on as (

    select
        differing.customer_id,
        differing.month_start,
        min(open_months.month_start) as period_start
    from (select distinct customer_id, month_start from differences) as differing
    left join open_months
        on
            differing.customer_id = open_months.customer_id
            and differing.month_start <= open_months.month_start
    group by differing.customer_id, differing.month_start

),

adjustments as (

    select
        {{ surrogate_key([
            'differences.customer_id', 'differences.line_type', 'differences.source_id', 'differences.subscription_id',
            'differences.price_version_id',
            'differences.month_start'
        ]) }} as charge_key,
        differences.*,
        months_to_bill_on.period_start
    from differences
    inner join months_to_bill_on
        on
            differences.customer_id = months_to_bill_on.customer_id
            and differences.month_start = months_to_bill_on.month_start

)

select * from adjustments
