-- Subtotal + added taxes - credits = total, of each invoice, closed and draft; its taxes and credits are the sums of
-- their rows, and credits are never more than there was to pay.
with

invoices as (

    select
        invoice_key,
        currency_code,
        subtotal_minor,
        tax_minor,
        included_tax_minor,
        credit_minor,
        total_minor
    from {{ ref('rpt_invoice_register') }}

),

parts as (

    select
        invoice_key,
        currency_code,
        0 as credit_minor,
        case when is_included then 0 else tax_minor end as tax_minor,
        case when is_included then tax_minor else 0 end as included_tax_minor,
        base_minor + case when is_included then tax_minor else 0 end as taxed_minor
    from {{ ref('rpt_invoice_taxes') }}
    union all
    select
        invoice_key,
        currency_code,
        amount_minor as credit_minor,
        0 as tax_minor,
        0 as included_tax_minor,
        null as taxed_minor
    from {{ ref('rpt_credit_applications') }}

),

part_sums as (

    select
        invoice_key,
        currency_code,
        sum(credit_minor) as credit_minor,
        sum(tax_minor) as tax_minor,
        sum(included_tax_minor) as included_tax_minor,
        sum(taxed_minor) as taxed_minor
    from parts
    group by invoice_key, currency_code

)

select
    invoices.invoice_key,
    part_sums.invoice_key as parts_invoice_key
from invoices
full outer join part_sums
    on
        invoices.invoice_key = part_sums.invoice_key
        and invoices.currency_code = part_sums.currency_code
where
    invoices.invoice_key is null
    or invoices.total_minor <> invoices.subtotal_minor + invoices.tax_minor - invoices.credit_minor
    or invoices.tax_minor <> coalesce(part_sums.tax_minor, 0)
    or invoices.included_tax_minor <> coalesce(part_sums.included_tax_minor, 0)
    or invoices.credit_minor <> coalesce(part_sums.credit_minor, 0)
    -- what is taxed is the whole invoice, where anything is
    or invoices.subtotal_minor <> coalesce(part_sums.taxed_minor, invoices.subtotal_minor)
    or (invoices.credit_minor > 0 and invoices.total_minor < 0)
