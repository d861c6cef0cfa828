{# Accepts the later payloads of a lane's deliveries that take the place of earlier ones, and withdraws those: for
   customers whose legal entity says so, while the months of both payloads are open. Runs before the others get
   their fate. Without such a legal entity it costs one look at the catalog. #}
{%- macro admit_revisions(load_list, lane) -%}
    {%- if run_query('select exists (select 1 from ' ~ ref('int_revisions_allowed') ~ ') as is_allowed').rows[0][0] -%}
        {%- do lock_retractions() -%}
        {%- set loads = run_query(
            'select distinct standing_load_id from (' ~ revisions_to_admit(load_list, lane) ~ ') as r order by 1'
        ).columns[0].values() -%}
        {%- if loads -%}
            {%- call statement('revisions') -%}
                {{ insert_revisions(load_list, lane, '(' ~ loads | join(', ') ~ ')') }}
            {%- endcall -%}
            {%- do crash_point(config.require('crash_stage') ~ 'after_revisions') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro -%}
