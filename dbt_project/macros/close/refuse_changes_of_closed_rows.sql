{# Grants first, triggers second: only finance may append to a closed table, nobody may change it, its owner
   included. #}
{%- macro refuse_changes_of_closed_rows(relation) -%}
    {%- call statement('refuse_changes') -%}
        create trigger refuse_change before update or delete on {{ relation }}
        for each row execute function ops.refuse_change();
        create trigger refuse_truncate before truncate on {{ relation }}
        for each statement execute function ops.refuse_change();
        revoke all on {{ relation }} from {{ target.user }};
        grant select on {{ relation }} to {{ target.user }};
        grant select, insert on {{ relation }} to mh_finance
    {%- endcall -%}
{%- endmacro -%}
