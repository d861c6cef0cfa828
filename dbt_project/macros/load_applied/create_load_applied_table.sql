{# Makes the table of a load_applied model from its contract when it is missing. Text is collated "C", so that
   order and equality are those of the bytes on every server. A closed table that exists gains the columns that
   it lacks.
   node: the model or its entry in the graph. #}
{%- macro create_load_applied_table(relation, node) -%}
    {%- set found = run_query("select to_regclass('" ~ relation ~ "') is not null as is_found") -%}
    {%- if not found.rows[0]['is_found'] -%}
        {%- set settings = node.config -%}
        {%- call statement('create_table') -%}
            create table {{ relation }} (
                {% for column in node.columns.values() -%}
                    {{ column.name }} {{ column.data_type }}
                    {{- ' collate "C"' if column.data_type == 'text' }}
                    {{- ' not null' if column.constraints | selectattr('type', 'equalto', 'not_null') | list }}
                    {{- ',' if not loop.last or settings.get('primary_key') }}
                {% endfor -%}
                {% if settings.get('primary_key') -%}
                    primary key ({{ settings.get('primary_key') | join(', ') }})
                {%- endif %}
            )
            {% if settings.get('partition_by') -%}
                partition by range ({{ settings.get('partition_by') }})
            {%- endif %}
        {%- endcall -%}
        {%- if settings.get('brin') -%}
            {%- call statement('create_brin') -%}
                create index on {{ relation }} using brin ({{ settings.get('brin') }})
                with (pages_per_range = 32, autosummarize = on)
            {%- endcall -%}
        {%- endif -%}
        {%- if settings.get('applied_by', 'load') == 'close' -%}
            {%- do refuse_changes_of_closed_rows(relation) -%}
        {%- endif -%}
        {%- call statement('table_comment') -%}
            comment on table {{ relation }} is {{ quoted_literal(node.description) | replace('::text', '') }}
        {%- endcall -%}
    {%- elif node.config.get('applied_by', 'load') == 'close' -%}
        {%- do extend_closed_table(relation, node) -%}
    {%- endif -%}
{%- endmacro -%}
