"""Tax rates, exemptions and credit grants: what is refused, where, and what to do about it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from ingestion.catalog import Catalog, CatalogError, read_catalog
from ingestion.catalog.tables import catalog_rows
from ingestion.catalog.tax_checks import LandedGrant

BASE = """\
legal_entities:
  - {legal_entity_id: acme, legal_entity_name: A, country_code: DE, address: A,
     invoice_number_prefix: A}
plans:
  - {plan_id: p, plan_name: P, currency_code: EUR, prices: []}
customers:
  - {customer_id: c, customer_name: C, legal_entity_id: acme, country_code: DE, currency_code: EUR}
"""
FIRST_LINE = BASE.count("\n") + 1
RATE = "{legal_entity_id: acme, country_code: DE, rate_percent: 19, valid_from: 2026-01-01}"
GRANT = "{grant_id: g, customer_id: c, label: L, amount: 5, granted_on: 2026-01-01}"


def read(folder: Path, more: str, **landed: dict[str, LandedGrant]) -> Catalog:
    (folder / "catalog.yaml").write_text(BASE + more)
    return read_catalog(folder, currencies={"EUR": 2, "JPY": 0}, **landed)


def rates(*entries: str) -> str:
    """Returns the section, one entry per line; each is the usual one with some fields replaced."""
    return "tax_rates:\n" + "".join(f"  - {merged(RATE, entry)}\n" for entry in entries)


def grants(*entries: str) -> str:
    return "credit_grants:\n" + "".join(f"  - {merged(GRANT, entry)}\n" for entry in entries)


def merged(usual: str, changes: str) -> str:
    fields = dict(part.split(": ") for part in usual.strip("{}").split(", "))
    fields |= dict(part.split(": ", 1) for part in changes.split(", ") if part)
    return "{" + ", ".join(f"{k}: {v}" for k, v in fields.items() if v != "-") + "}"


REFUSED = {
    "unknown entity": (rates("legal_entity_id: b"), 1, "'b' is unknown", "one of: acme"),
    "unknown country": (rates("country_code: UK"), 1, "country 'UK' is unknown", "GB (not UK)"),
    "rate below zero": (rates("rate_percent: -1"), 1, "-1 is negative", "zero or more"),
    "rate above 100": (rates("rate_percent: 100.1"), 1, "100.1 is above 100", "0 to 100"),
    "no rate": (rates("rate_percent: -"), 1, "has no rate_percent", "treatment: exempt"),
    "exempt with a rate": (
        rates("treatment: exempt"),
        1,
        "exempt with a rate of 19",
        "leave rate_percent out",
    ),
    "reverse charge with a rate": (
        rates("treatment: reverse_charge, country_code: FR"),
        1,
        "reverse_charge with a rate of 19",
        "leave rate_percent out",
    ),
    "reverse charge at home": (
        rates("treatment: reverse_charge, rate_percent: 0"),
        1,
        "DE is the legal entity's own country",
        "other countries",
    ),
    "unknown treatment": (rates("treatment: zero"), 1, "'zero' is unknown", "reverse_charge"),
    "unknown category": (rates("tax_category: low"), 1, "'low' is unknown", "reduced"),
    "ends before it starts": (
        rates("valid_to: 2026-01-01"),
        1,
        "valid_to 2026-01-01 is not after 2026-01-01",
        "first day on which it no longer holds",
    ),
    "overlap": (
        rates("valid_to: 2026-07-02", "valid_from: 2026-07-01, rate_percent: 16"),
        2,
        "standard in DE has two tax rates on 2026-07-01",
        "valid_to: 2026-07-01",
    ),
    "written twice": (rates("", "rate_percent: 7"), 2, "two tax rates", "keep one of the two"),
    "gap": (
        rates("valid_to: 2026-06-30", "valid_from: 2026-07-01, rate_percent: 16"),
        1,
        "standard in DE has no tax rate in [2026-06-30, 2026-07-01)",
        "valid_to: 2026-07-01",
    ),
    "grant to nobody": (grants("customer_id: x"), 1, "'x' is unknown", "one of: c"),
    "grant of nothing": (grants("amount: 0"), 1, "0 is not above zero", "more than zero"),
    "grant finer than a cent": (
        grants("amount: 5.001"),
        1,
        "5.001 EUR is finer than the currency's 2 decimal places",
        "2 decimal places at most",
    ),
    "grant too large": (grants("amount: 1" + "0" * 17), 1, "is too large", "18 digits"),
    "grant in another currency": (
        grants("currency_code: JPY"),
        1,
        "the grant is in JPY, but customer 'c' is billed in EUR",
        "grant it in EUR",
    ),
    "grant that expires before it is given": (
        grants("expires_on: 2026-01-01"),
        1,
        "expires_on 2026-01-01 is not after 2026-01-01",
        "first day on which it can't be used",
    ),
    "grant of low priority": (grants("priority: 101"), 1, "less than or equal to 100", "range"),
    "the same grant twice": (grants("", "amount: 6"), 2, "'g' is already given", "its own id"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_not_hold_is_refused(tmp_path: Path, case: str) -> None:
    more, line, message, remedy = REFUSED[case]
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, more)
    (problem,) = caught.value.problems
    assert problem.file is not None
    assert problem.file.endswith("catalog.yaml")
    assert problem.line == FIRST_LINE + line
    assert message in problem.message
    assert remedy in (problem.remedy or "")


CUSTOMERS = {
    "tax_exempt: true": ("tax_exempt without a reason", "tax_exempt_reason"),
    "tax_exempt: maybe": ("'maybe' is neither true nor false", "true or false"),
    "tax_exempt_reason: Charity": ("is not tax_exempt", "tax_exempt: true"),
    "vat_id: de 1": ("'de 1' does not fit", "DE123456789"),
    "country_code: UK": ("country 'UK' is unknown", "GB (not UK)"),
}


@pytest.mark.parametrize("fields", CUSTOMERS)
def test_a_customer_that_can_not_be_taxed_is_refused(tmp_path: Path, fields: str) -> None:
    message, remedy = CUSTOMERS[fields]
    usual = "customer_id: d, customer_name: D, legal_entity_id: acme, country_code: DE"
    customer = f"  - {merged(usual + ', currency_code: EUR', fields)}\n"
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, customer + rates(""))
    (problem,) = caught.value.problems
    assert problem.line == FIRST_LINE
    assert message in problem.message
    assert remedy in (problem.remedy or "")


def test_entries_for_other_customers_and_categories_do_not_overlap(tmp_path: Path) -> None:
    catalog = read(
        tmp_path,
        rates(
            "valid_to: 2026-07-01",
            "valid_from: 2026-07-01",
            "tax_category: reduced, rate_percent: 7",
            "country_code: FR, rate_percent: 20",
            "country_code: FR, treatment: reverse_charge, rate_percent: -",
            "country_code: CH, treatment: exempt, rate_percent: 0",
        ),
    )
    rows = catalog_rows(catalog)["tax_rates"]
    found = [(row["country_code"], row["treatment"], row["rate_percent"]) for row in rows]
    assert found == [
        ("CH", "exempt", 0),
        ("DE", "reduced", 7),
        ("DE", "standard", 19),
        ("DE", "standard", 19),
        ("FR", "standard", 20),
        ("FR", "reverse_charge", 0),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [("amount: 6", "amount"), ("customer_id: d", "customer_id")],
)
def test_a_landed_grant_can_not_change_what_it_gave(
    tmp_path: Path, changes: str, field: str
) -> None:
    landed = {"g": LandedGrant("c", "EUR", Decimal("5.000000000000"))}
    other = "  - {customer_id: d, customer_name: D, legal_entity_id: acme, country_code: DE, "
    other += "currency_code: EUR}\n"
    read(tmp_path, other + grants("priority: 1, expires_on: 2027-01-01"), landed_grants=landed)
    with pytest.raises(CatalogError) as caught:
        read(tmp_path, other + grants(changes), landed_grants=landed)
    (problem,) = caught.value.problems
    assert problem.field == field
    assert f"was landed with {field}" in problem.message
    assert "new grant_id" in (problem.remedy or "")


def test_a_grant_is_in_the_currency_of_its_customer(tmp_path: Path) -> None:
    (row,) = catalog_rows(read(tmp_path, grants("")))["credit_grants"]
    assert (row["currency_code"], row["amount_unrounded"], row["priority"]) == ("EUR", 5, 50)
