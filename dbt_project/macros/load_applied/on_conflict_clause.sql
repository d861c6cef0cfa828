{# The clause that adds pending rows to the rows that exist: additive columns are added, greatest ones kept, newest
   ones taken together from the row whose first two are the greater; or, with `nothing`, the clause that
   leaves rows that exist as they are. Empty for a model without the on_conflict setting. #}
{%- macro on_conflict_clause() -%}
    {%- set rule = config.get('on_conflict') -%}
    {%- if rule and rule.get('nothing') -%}
        on conflict ({{ rule['keys'] | join(', ') }}) do nothing
    {%- elif rule -%}
        {%- set changes = [] -%}
        {%- for column in rule.get('add', []) -%}
            {%- do changes.append(column ~ ' = applied.' ~ column ~ ' + excluded.' ~ column) -%}
        {%- endfor -%}
        {%- for column in rule.get('greatest', []) -%}
            {%- do changes.append(column ~ ' = greatest(applied.' ~ column ~ ', excluded.' ~ column ~ ')') -%}
        {%- endfor -%}
        {%- set newest = rule.get('newest', []) -%}
        {%- for column in newest -%}
            {%- do changes.append(
                column ~ ' = case when (excluded.' ~ newest[0] ~ ', excluded.' ~ newest[1] ~ ') > (applied.'
                ~ newest[0] ~ ', applied.' ~ newest[1] ~ ') then excluded.' ~ column ~ ' else applied.' ~ column
                ~ ' end'
            ) -%}
        {%- endfor -%}
        on conflict ({{ rule['keys'] | join(', ') }}) do update set {{ changes | join(', ') }}
    {%- endif -%}
{%- endmacro -%}
