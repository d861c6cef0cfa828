{# Checks that every delivery of admitted loads has one fate, then withdraws what accepted events void; runs in the
   transaction that admits. #}
{%- macro settle_admitted_loads(relation, load_list) -%}
    {%- do assert_one_fate_each(relation, load_list) -%}
    {%- do withdraw_voided_events(load_list) -%}
{%- endmacro -%}
