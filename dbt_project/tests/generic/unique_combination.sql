{# Rows of a key that occurs more than once, or that has a null where none may be. #}
{% test unique_combination(model, columns, nullable=[]) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    group by {{ columns | join(', ') }}
    having
        count(*) > 1
        {% for column in columns if column not in nullable -%}
            or {{ column }} is null
        {% endfor %}
{% endtest %}
