-- grain: one row per line_key
with

closed_lines as (

    select
        line_key,
        customer_id,
        billed_line_type as line_type,
        source_id,
        subscription_id,
        price_version_id,
        charge_month as month_start,
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
    from {{ ref('stg_closed__invoice_lines') }}

),

-- what notes took off and is to be billed again, and what they added; a favour is no part of it
note_lines as (

    select
        {{ surrogate_key(['notes.credit_note_key', 'notes.line_key']) }} as line_key,
        notes.customer_id,
        notes.billed_line_type as line_type,
        notes.source_id,
        notes.subscription_id,
        notes.price_version_id,
        notes.charge_month as month_start,
        notes.price_id,
        notes.meter_id,
        notes.legal_entity_id,
        notes.charge_model,
        notes.label,
        notes.plan_name,
        notes.dimension_filter,
        lines.tax_category,
        notes.currency_code,
        notes.currency_exponent,
        notes.quantity,
        notes.amount_unrounded,
        notes.amount_minor,
        -- the same part of the line's discounts as of its amount
        coalesce(div(lines.discount_minor::numeric * notes.amount_minor, nullif(lines.amount_minor, 0)), 0)::bigint
            as discount_minor,
        notes.service_start,
        notes.service_end
    from {{ ref('stg_closed__credit_note_lines') }} as notes
    inner join {{ ref('stg_closed__invoice_lines') }} as lines
        on
            notes.customer_id = lines.customer_id
            and notes.line_key = lines.line_key
    where notes.is_counted_as_billed

),

billed as (

    select * from closed_lines
    union all
    select * from note_lines

)

select * from billed
