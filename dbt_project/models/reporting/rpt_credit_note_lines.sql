-- grain: one row per credit_note_key and line_key
with

notes as (

    select
        customer_id,
        credit_note_key,
        credit_note_number,
        note_type,
        invoice_number,
        customer_name,
        legal_entity_id,
        reason,
        issued_by,
        issued_at
    from {{ ref('fct_credit_notes') }}

),

note_lines as (

    select
        customer_id,
        credit_note_key,
        line_key,
        line_number,
        invoice_line_number,
        label,
        currency_code,
        currency_exponent,
        amount_minor
    from {{ ref('fct_credit_note_lines') }}

),

described as (

    select
        notes.credit_note_key,
        notes.credit_note_number,
        notes.note_type,
        notes.invoice_number,
        note_lines.invoice_line_number,
        note_lines.line_key,
        note_lines.line_number,
        notes.customer_id,
        notes.customer_name,
        notes.legal_entity_id,
        note_lines.label,
        notes.reason,
        notes.issued_by,
        note_lines.currency_code,
        note_lines.currency_exponent,
        note_lines.amount_minor,
        notes.issued_at
    from notes
    inner join note_lines
        on
            notes.customer_id = note_lines.customer_id
            and notes.credit_note_key = note_lines.credit_note_key

)

select * from described
