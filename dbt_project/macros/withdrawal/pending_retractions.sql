{# The loads that withdrew something which this model still holds. #}
{%- macro pending_retractions(ledger_name) -%}
    select distinct retracted.decided_load_id
    from {{ source('ops', 'event_retractions') }} as retracted
    where
        not exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name = {{ quoted_literal(ledger_name) }}
                and applied.load_id = retracted.decided_load_id
        )
        {%- for earlier in config.require('withdraw_after') %}
        and exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name = {{ quoted_literal(earlier) }}
                and applied.load_id = retracted.decided_load_id
        )
        {%- endfor %}
    order by retracted.decided_load_id
{%- endmacro -%}
