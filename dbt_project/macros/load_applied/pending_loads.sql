{# In a load_applied model: the loads still to apply, as a list of literals. The materialisation puts them in
   once it holds the lock of the table; until then the list matches no load. #}
{%- macro pending_loads() -%}
    (/* pending loads */ -1)
{%- endmacro -%}
