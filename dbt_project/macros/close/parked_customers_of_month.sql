{# A query of (customer_id, reason): the customers of a legal entity that are parked in a month; arguments are SQL
   literals. #}
{%- macro parked_customers_of_month(entity, period) -%}
    select parked.customer_id, parked.reason
    from {{ ref('int_customers_parked') }} as parked
    inner join {{ ref('int_customers_known') }} as customers on parked.customer_id = customers.customer_id
    where customers.legal_entity_id = {{ entity }} and parked.month_start = {{ period }}
{%- endmacro -%}
