{# Groups whose sum of a column differs from the sum in another relation, at zero tolerance; a group that is
   missing on one side counts as zero. #}
{% test sums_match(model, column, to, to_column, group_by) %}
    select
        {{ group_by | join(', ') }},
        sum(amount) as difference
    from (
        select {{ group_by | join(', ') }}, {{ column }} as amount from {{ model }}
        union all
        select {{ group_by | join(', ') }}, -{{ to_column }} from {{ to }}
    ) as both_sides
    group by {{ group_by | join(', ') }}
    having sum(amount) <> 0
{% endtest %}
