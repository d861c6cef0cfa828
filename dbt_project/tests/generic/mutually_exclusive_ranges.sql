{# Ranges [lower_bound, upper_bound) that overlap the next one of their partition; a missing upper bound is open. #}
{% test mutually_exclusive_ranges(model, partition_by, lower_bound, upper_bound) %}
    with ordered as (
        select
            {{ partition_by | join(', ') }},
            {{ lower_bound }} as lower_bound,
            coalesce({{ upper_bound }}, 'infinity') as upper_bound,
            lead({{ lower_bound }}) over (
                partition by {{ partition_by | join(', ') }} order by {{ lower_bound }}
            ) as next_lower_bound
        from {{ model }}
    )

    select *
    from ordered
    where lower_bound >= upper_bound or upper_bound > next_lower_bound
{% endtest %}
