"""What must hold among tax rates, credit grants, and those they are for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise

from ingestion.catalog.countries import COUNTRIES
from ingestion.catalog.models import Customer
from ingestion.catalog.reference_checks import WrittenSections, check_reference
from ingestion.catalog.taxes import CreditGrant, TaxRate
from ingestion.catalog.validation import Written
from warehouse.errors import Problem

MOST_MINOR_UNITS = 10**18
FOREVER = date.max


@dataclass(frozen=True)
class LandedGrant:
    """What can't change any more about a grant that was landed: it may have been used.

    Attributes:
        customer_id: Whose it is.
        currency_code: Its currency.
        amount: What was granted, in major units.
    """

    customer_id: str
    currency_code: str
    amount: Decimal


def check_taxes(written: WrittenSections, ids: dict[str, set[str]]) -> Iterator[Problem]:
    """Yield a problem for every tax rate that is for nobody known, or not the only one of a day.

    Args:
        written: The valid entries.
        ids: All ids, of entries that are valid and others.
    """
    homes = {
        item.model.legal_entity_id: item.model.country_code for item in written["legal_entities"]
    }
    groups: dict[tuple[str, ...], list[Written[TaxRate]]] = {}
    for item in written["tax_rates"]:
        rate: TaxRate = item.model
        yield from check_reference(item, "legal_entity_id", "legal_entities", ids)
        yield from _check_country(item)
        if rate.treatment == "reverse_charge" and homes.get(rate.legal_entity_id) == (
            rate.country_code
        ):
            message = f"{rate.country_code} is the legal entity's own country"
            remedy = "reverse charge is for customers of other countries; remove the entry"
            yield item.problem(("country_code",), message, remedy)
        groups.setdefault(rate.holds_for, []).append(item)
    for items in groups.values():
        items.sort(key=lambda item: item.model.valid_from)
        for earlier, later in pairwise(items):
            yield from _check_neighbours(earlier, later)
    taxing = {item.model.legal_entity_id for item in written["tax_rates"]}
    for customer in written["customers"]:
        if customer.model.legal_entity_id in taxing:
            yield from _check_country(customer)


def _check_country(item: Written) -> Iterator[Problem]:
    code = item.model.country_code
    if code not in COUNTRIES:
        remedy = "use a code of ISO 3166-1 alpha-2, such as GB (not UK) or GR (not EL)"
        yield item.problem(("country_code",), f"country {code!r} is unknown", remedy)


def _check_neighbours(earlier: Written[TaxRate], later: Written[TaxRate]) -> Iterator[Problem]:
    until, start = earlier.model.valid_to or FOREVER, later.model.valid_from
    _, country, category, kind = later.model.holds_for
    what = f"{'reverse charge' if kind == 'reverse_charge' else category} in {country}"
    where = f"{earlier.entry.file}:{earlier.entry.line_at(())}"
    if until > start:
        stated = f"until {earlier.model.valid_to}" if earlier.model.valid_to else "open-ended"
        message = (
            f"{what} has two tax rates on {start}: the one from {earlier.model.valid_from} "
            f"({where}) is {stated}"
        )
        remedy = f"end the earlier one with valid_to: {start}"
        if earlier.model.valid_from == start:
            remedy = "keep one of the two"
        yield later.problem(("valid_from",), message, remedy)
    elif until < start:
        message = f"{what} has no tax rate in [{until}, {start})"
        remedy = f"set valid_to: {start}, or add an entry with treatment: exempt in between"
        yield earlier.problem(("valid_to",), message, remedy)


def check_credit_grants(
    written: WrittenSections,
    ids: dict[str, set[str]],
    currencies: Mapping[str, int],
    landed: Mapping[str, LandedGrant],
) -> Iterator[Problem]:
    """Yield a problem for every grant to nobody, in another currency, or changed after landing.

    Args:
        written: The valid entries.
        ids: All ids, of entries that are valid and others.
        currencies: Known currency codes with their exponents.
        landed: The newest landed terms of every grant that ever was.
    """
    customers = {item.model.customer_id: item.model for item in written["customers"]}
    for item in written["credit_grants"]:
        yield from check_reference(item, "customer_id", "customers", ids)
        customer = customers.get(item.model.customer_id)
        if customer is not None:
            yield from _check_amount(item, customer, currencies)
            if item.model.grant_id in landed:
                yield from _check_unchanged(item, customer, landed[item.model.grant_id])


def _check_amount(
    item: Written[CreditGrant], customer: Customer, currencies: Mapping[str, int]
) -> Iterator[Problem]:
    grant = item.model
    if grant.currency_code is not None and grant.currency_code != customer.currency_code:
        yield item.problem(
            ("currency_code",),
            f"the grant is in {grant.currency_code}, but customer {customer.customer_id!r} is "
            f"billed in {customer.currency_code}",
            f"grant it in {customer.currency_code}",
        )
    elif customer.currency_code in currencies:
        exponent = currencies[customer.currency_code]
        minor = grant.amount.scaleb(exponent)
        if minor != minor.to_integral_value():
            yield item.problem(
                ("amount",),
                f"{grant.amount} {customer.currency_code} is finer than the currency's "
                f"{exponent} decimal places",
                f"keep {exponent} decimal places at most",
            )
        elif minor > MOST_MINOR_UNITS:
            remedy = "keep 18 digits at most, those of the minor unit included"
            yield item.problem(("amount",), f"{grant.amount} is too large", remedy)


def _check_unchanged(
    item: Written[CreditGrant], customer: Customer, landed: LandedGrant
) -> Iterator[Problem]:
    now = LandedGrant(
        customer_id=item.model.customer_id,
        currency_code=item.model.currency_code or customer.currency_code,
        amount=item.model.amount,
    )
    for field in ("customer_id", "currency_code", "amount"):
        before, written = getattr(landed, field), getattr(now, field)
        if before != written:
            shown = f"{before.normalize():f}" if isinstance(before, Decimal) else before
            yield item.problem(
                (field,),
                f"grant {item.model.grant_id!r} was landed with {field} {shown}; invoices may "
                "have used it",
                "leave it as it was; grant more under a new grant_id, or end it with expires_on",
            )
