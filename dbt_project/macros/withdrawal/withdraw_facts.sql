{# Takes the facts of withdrawn deliveries out; the deliveries stay in raw_usage, and what was decided in ops. #}
{%- macro withdraw_facts(relation, model_sql, retracted, load_list) -%}
    {%- call statement('withdraw') -%}
        delete from {{ relation }} as facts
        using ({{ retracted }}) as withdrawn
        where
            facts.load_id in {{ load_list }}
            and {{ touched_spans('facts.occurred_at', retracted, 'day') }}
            and facts.load_id = withdrawn.load_id
            and facts.delivery_id = withdrawn.delivery_id
    {%- endcall -%}
{%- endmacro -%}
