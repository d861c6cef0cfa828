-- grain: one row per line_key on a closed invoice whose customer is taxed or exempt
{{
    config(
        materialized='load_applied',
        applied_by='close',
        primary_key=['customer_id', 'line_key'],
        full_refresh=false,
        meta={'distribution': 'distributed'}
    )
}}

select
    lines.line_key,
    lines.invoice_key,
    lines.tax_key,
    lines.customer_id,
    lines.period_start
from {{ ref('int_lines_taxed') }} as lines
