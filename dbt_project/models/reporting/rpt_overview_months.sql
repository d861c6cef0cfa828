-- grain: one row per month_start and currency_code
with

invoices as (

    select
        status,
        customer_id,
        currency_code,
        total_minor,
        adjustment_minor,
        period_start
    from {{ ref('rpt_invoice_register') }}

),

customers as (

    select
        customer_id,
        currency_code
    from {{ ref('dim_customers') }}

),

-- one meter of each event type, so that an event counts once however many meters measure it
counting_meters as (

    select min(meter_id) as meter_id
    from {{ ref('dim_meters') }}
    group by event_type

),

monthly_usage as (

    select
        customer_id,
        meter_id,
        usage_month,
        event_count
    from {{ ref('agg_usage_monthly') }}

),

event_totals as (

    select
        monthly_usage.usage_month as month_start,
        customers.currency_code,
        sum(monthly_usage.event_count)::bigint as event_count
    from monthly_usage
    inner join counting_meters on monthly_usage.meter_id = counting_meters.meter_id
    inner join customers on monthly_usage.customer_id = customers.customer_id
    group by monthly_usage.usage_month, customers.currency_code

),

invoice_totals as (

    select
        period_start as month_start,
        currency_code,
        case
            when bool_and(status = 'closed') then 'closed'
            when bool_and(status = 'draft') then 'draft'
            else 'partly_closed'
        end as status,
        count(*) as invoice_count,
        count(distinct customer_id) as customer_count,
        sum(total_minor)::bigint as total_minor,
        coalesce(sum(total_minor) filter (where status = 'closed'), 0)::bigint as closed_total_minor,
        coalesce(sum(total_minor) filter (where status = 'draft'), 0)::bigint as draft_total_minor,
        sum(adjustment_minor)::bigint as adjustment_minor
    from invoices
    group by period_start, currency_code

),

currencies as (

    select
        currency_code,
        currency_exponent
    from {{ ref('dim_currencies') }}

),

months as (

    select
        coalesce(invoice_totals.month_start, event_totals.month_start) as month_start,
        currencies.currency_code,
        currencies.currency_exponent,
        coalesce(invoice_totals.status, 'draft') as status,
        coalesce(invoice_totals.invoice_count, 0) as invoice_count,
        coalesce(invoice_totals.customer_count, 0) as customer_count,
        coalesce(invoice_totals.total_minor, 0) as total_minor,
        coalesce(invoice_totals.closed_total_minor, 0) as closed_total_minor,
        coalesce(invoice_totals.draft_total_minor, 0) as draft_total_minor,
        coalesce(invoice_totals.adjustment_minor, 0) as adjustment_minor,
        coalesce(event_totals.event_count, 0) as event_count
    from invoice_totals
    full outer join event_totals
        on
            invoice_totals.month_start = event_totals.month_start
            and invoice_totals.currency_code = event_totals.currency_code
    inner join currencies
        on coalesce(invoice_totals.currency_code, event_totals.currency_code) = currencies.currency_code

),

overview as (

    select
        months.month_start,
        months.currency_code,
        months.currency_exponent,
        months.status,
        months.invoice_count,
        months.customer_count,
        months.total_minor,
        months.closed_total_minor,
        months.draft_total_minor,
        months.adjustment_minor,
        months_before.total_minor as previous_total_minor,
        months.total_minor - months_before.total_minor as total_change_minor,
        months.event_count
    from months
    left join months as months_before
        on
            months.currency_code = months_before.currency_code
            and months.month_start = (months_before.month_start + interval '1 month')::date

)

select * from overview
