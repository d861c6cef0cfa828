{# The clause that adds pending rows to the rows that exist: additive columns are added, greatest ones kept.
   or, with `nothing`, the clause that
   leaves rows that exist as they are. Empty for a model without the on_conflict setting. #}
{%- macro on_conflict_clause() -%}
    {%- set rule = config.get('on_conflict') -%}
    {%- if rule and rule.get('nothing') -%}
        on conflict ({{ rule['keys'] | join(', ') }}) do nothing
    {%- elif rule -%}
        {%- set changes = [] -%}
        {%- for column in rule['add'] -%}
            {%- do changes.append(column ~ ' = applied.' ~ column ~ ' + excluded.' ~ column) -%}
        {%- endfor -%}
        {%- for column in rule['greatest'] -%}
            {%- do changes.append(column ~ ' = greatest(applied.' ~ column ~ ', excluded.' ~ column ~ ')') -%}
        {%- endfor -%}
        on conflict ({{ rule['keys'] | join(', ') }}) do update set {{ changes | join(', ') }}
    {%- endif -%}
{%- endmacro -%}
