{# A query of the pending loads of which a crash landed a delivery twice. #}
{%- macro loads_landed_twice() -%}
    select admitted.load_id
    from {{ ref('int_loads_admitted') }} as admitted
    where admitted.load_id in {{ pending_loads() }} and admitted.is_landed_twice
{%- endmacro -%}
