-- grain: one row per line_key on a closed invoice
with

closed_lines as (

    select
        line_key,
        invoice_key,
        line_number,
        billed_line_type,
        charge_key,
        source_id,
        charge_month,
        customer_id,
        legal_entity_id,
        subscription_id,
        plan_name,
        price_id,
        price_version_id,
        charge_model,
        label,
        meter_id,
        dimension_filter,
        currency_code,
        currency_exponent,
        quantity,
        amount_unrounded,
        amount_minor,
        service_start,
        service_end
    from {{ ref('stg_closed__invoice_lines') }}

),

closed_invoices as (

    select
        customer_id,
        invoice_key,
        invoice_number
    from {{ ref('stg_closed__invoices') }}

),

note_lines as (

    select
        customer_id,
        line_key,
        sum(quantity) as quantity,
        sum(amount_unrounded) as amount_unrounded,
        sum(amount_minor) as amount_minor
    from {{ ref('stg_closed__credit_note_lines') }}
    group by customer_id, line_key

),

creditable as (

    select
        closed_lines.line_key,
        closed_lines.invoice_key,
        closed_invoices.invoice_number,
        closed_lines.line_number,
        closed_lines.billed_line_type,
        closed_lines.charge_key,
        closed_lines.source_id,
        closed_lines.charge_month,
        closed_lines.customer_id,
        closed_lines.legal_entity_id,
        closed_lines.subscription_id,
        closed_lines.plan_name,
        closed_lines.price_id,
        closed_lines.price_version_id,
        closed_lines.charge_model,
        closed_lines.label,
        closed_lines.meter_id,
        closed_lines.dimension_filter,
        closed_lines.currency_code,
        closed_lines.currency_exponent,
        closed_lines.amount_minor,
        -- what the notes so far have left of the line
        (closed_lines.quantity + coalesce(note_lines.quantity, 0))::numeric(38, 9) as remaining_quantity,
        (closed_lines.amount_unrounded + coalesce(note_lines.amount_unrounded, 0))::numeric(38, 12)
            as remaining_unrounded,
        (closed_lines.amount_minor + coalesce(note_lines.amount_minor, 0))::bigint as remaining_minor,
        closed_lines.service_start,
        closed_lines.service_end
    from closed_lines
    inner join closed_invoices
        on
            closed_lines.customer_id = closed_invoices.customer_id
            and closed_lines.invoice_key = closed_invoices.invoice_key
    left join note_lines
        on
            closed_lines.customer_id = note_lines.customer_id
            and closed_lines.line_key = note_lines.line_key

)

select * from creditable
