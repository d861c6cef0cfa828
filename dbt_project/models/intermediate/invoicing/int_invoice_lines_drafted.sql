-- grain: one row per line_key: a line of an open month, or the adjustment of one of a closed month
with

lines as (

    select
        charge_key,
        line_type,
        source_id,
        adjusted_line_type,
        period_start,
        charge_month,
        subscription_id,
        price_version_id,
        customer_id,
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
    from {{ ref('int_lines_selected') }}

),

meters as (

    select
        meter_id,
        meter_name,
        unit
    from {{ ref('int_meters_defined') }}

),

keyed_lines as (

    select
        lines.*,
        {{ surrogate_key(['lines.customer_id', 'lines.period_start', 'lines.currency_code']) }} as invoice_key,
        {{ surrogate_key(['lines.charge_key', 'lines.period_start', 'lines.currency_code', 'lines.line_type']) }}
            as line_key,
        array_position(
            array['charge', 'maximum_spend', 'true_up', 'one_off', 'discount'],
            coalesce(lines.adjusted_line_type, lines.line_type)
        ) as type_position
    from lines

),

numbered_lines as (

    select
        keyed_lines.line_key,
        keyed_lines.invoice_key,
        row_number() over (
            partition by keyed_lines.customer_id, keyed_lines.invoice_key
            order by
                keyed_lines.adjusted_line_type is not null,
                keyed_lines.type_position,
                keyed_lines.service_start,
                keyed_lines.subscription_id,
                keyed_lines.price_version_id,
                keyed_lines.charge_key
        )::integer as line_number,
        keyed_lines.line_type,
        keyed_lines.charge_key,
        keyed_lines.source_id,
        keyed_lines.adjusted_line_type,
        keyed_lines.charge_month,
        keyed_lines.customer_id,
        keyed_lines.legal_entity_id,
        keyed_lines.subscription_id,
        keyed_lines.plan_name,
        keyed_lines.price_id,
        keyed_lines.price_version_id,
        keyed_lines.charge_model,
        keyed_lines.label,
        keyed_lines.meter_id,
        meters.meter_name,
        meters.unit,
        keyed_lines.dimension_filter,
        keyed_lines.tax_category,
        keyed_lines.currency_code,
        keyed_lines.currency_exponent,
        keyed_lines.quantity,
        keyed_lines.amount_unrounded,
        keyed_lines.amount_minor,
        keyed_lines.discount_minor,
        keyed_lines.period_start,
        keyed_lines.service_start,
        keyed_lines.service_end
    from keyed_lines
    left join meters on keyed_lines.meter_id = meters.meter_id

)

select * from numbered_lines
