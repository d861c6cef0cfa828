{# Takes an amount off one line of a closed invoice, or all that is left of the invoice, by a numbered credit note,
   in one transaction. Run as finance: dbt run-operation issue_credit_note --args
     '{invoice_number: INV-2026-000001, line_number: 2, amount: "10.00", reason: outage, issued_by: ada,
       issued_at: "2026-10-04 08:00:00+00"}'
   Without line_number, everything that is left. With is_counted_as_billed, later drafts bill it again. #}
{%- macro issue_credit_note(
    invoice_number, reason, issued_by, issued_at, line_number=none, amount=none, is_counted_as_billed=false
) -%}
    {%- set invoice = quoted_literal(invoice_number | string) -%}
    {%- set line = 'null::integer' if line_number is none else line_number | int ~ '::integer' -%}
    {%- set credited = 'null::numeric' if amount is none else quoted_literal(amount | string) ~ '::numeric' -%}
    {%- set issued = quoted_literal(issued_at | string) ~ '::timestamptz' -%}
    {%- call statement('begin') -%}
        commit; begin isolation level repeatable read
    {%- endcall -%}
    {# before the snapshot: of two notes on one line the second sees what the first has left #}
    {%- do run_query('lock table ' ~ source('ops', 'credit_note_number_series') ~ ' in exclusive mode') -%}
    {%- do run_query("set local timezone to 'UTC'") -%}
    {%- do refuse_problems(
        credit_note_problems(invoice, line, credited, is_counted_as_billed | string | lower),
        'No credit note was issued.'
    ) -%}
    {%- set entity -%}
        (select legal_entity_id from {{ ref('fct_invoices') }} where invoice_number = {{ invoice }})
    {%- endset -%}
    {%- set number = run_query(next_credit_note_number(entity, issued)).rows[0]['credit_note_number'] -%}
    {%- do crash_point('credit_note.after_number') -%}
    {%- do append_credit_note(
        lines_to_credit(invoice, line, credited),
        {
            'number': quoted_literal(number),
            'type': quoted_literal('void' if line_number is none else 'partial'),
            'invoice': invoice,
            'reason': quoted_literal(reason | string),
            'issued_by': quoted_literal(issued_by | string),
            'issued_at': issued,
            'is_counted_as_billed': is_counted_as_billed | string | lower
        }
    ) -%}
    {%- do crash_point('credit_note.before_commit') -%}
    {%- do log('Issued: ' ~ number, info=True) -%}
    {%- do adapter.commit() -%}
{%- endmacro -%}
