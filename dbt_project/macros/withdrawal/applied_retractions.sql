{# A query of the withdrawn deliveries that a model does not hold any more, by its ledger. #}
{%- macro applied_retractions(ledger_name) -%}
    select retractions.*
    from {{ source('ops', 'event_retractions') }} as retractions
    where
        exists (
            select 1 from {{ source('ops', 'applied_loads') }} as applied
            where
                applied.model_name = {{ quoted_literal(ledger_name) }}
                and applied.load_id = retractions.decided_load_id
        )
{%- endmacro -%}
