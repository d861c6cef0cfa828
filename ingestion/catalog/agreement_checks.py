"""What must hold between agreements and the customers, plans and prices that they name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import pairwise

from ingestion.catalog.agreements import SECTIONS, Contract, Discount
from ingestion.catalog.models import Customer, Plan, Subscription
from ingestion.catalog.price_checks import FOREVER
from ingestion.catalog.validation import Written
from warehouse.errors import Problem

MONEY_FIELDS = ("amount", "minimum_commitment", "maximum_amount")


def check_agreements(
    written: Mapping[str, list[Written]],
    ids: Mapping[str, set[str]],
    currencies: Mapping[str, int],
) -> Iterator[Problem]:
    """Yield the problems of contracts, discounts and one-off lines, and of commitments in plans.

    Args:
        written: The valid entries of every section.
        ids: The ids of every section, also of entries that are otherwise wrong.
        currencies: Currency codes with their exponents.
    """
    customers: dict[str, Customer] = {
        item.model.customer_id: item.model for item in written["customers"]
    }
    for section in SECTIONS:
        for item in written[section]:
            yield from _check_customer(item, customers, ids["customers"], currencies)
    yield from _check_contracts(written["contracts"])
    yield from _check_scopes(written, ids)
    for plan in written["plans"]:
        yield from _check_plan(plan)


def _check_customer(
    item: Written,
    customers: Mapping[str, Customer],
    known: set[str],
    currencies: Mapping[str, int],
) -> Iterator[Problem]:
    agreement = item.model
    if agreement.customer_id not in known:
        yield _unknown(item, "customer_id", agreement.customer_id, "customers", known)
        return
    customer = customers.get(agreement.customer_id)
    currency = agreement.currency_code
    if customer is None or currency is None:
        return
    if currency != customer.currency_code:
        yield item.problem(
            ("currency_code",),
            f"{currency} is not the currency of customer {customer.customer_id!r}, who pays in "
            f"{customer.currency_code}",
            f"write currency_code: {customer.currency_code} and the amount in it",
        )
    elif currency in currencies:
        for name in MONEY_FIELDS:
            yield from _check_decimals(item, name, currency, currencies[currency])


def _check_decimals(item: Written, name: str, currency: str, exponent: int) -> Iterator[Problem]:
    """Yield a problem for an amount of an invoice line that the currency can't pay."""
    value: Decimal | None = getattr(item.model, name, None)
    if value is not None and value != round(value, exponent):
        yield item.problem(
            (name,),
            f"{value} can't be paid in {currency}, which has {exponent} decimal places",
            "round it to those",
        )


def _check_contracts(contracts: Iterable[Written[Contract]]) -> Iterator[Problem]:
    ordered = sorted(contracts, key=lambda item: (item.model.customer_id, item.model.starts_on))
    for earlier, later in pairwise(ordered):
        first, second = earlier.model, later.model
        if first.customer_id == second.customer_id and second.starts_on < (
            first.ends_on or FOREVER
        ):
            where = f"{earlier.entry.file}:{earlier.entry.line_at(())}"
            yield later.problem(
                ("starts_on",),
                f"contract {first.contract_id!r} ({where}) still covers customer "
                f"{first.customer_id!r} then: the same charges would count twice",
                f"end it with ends_on: {second.starts_on}, or start later",
            )


def _check_scopes(
    written: Mapping[str, list[Written]], ids: Mapping[str, set[str]]
) -> Iterator[Problem]:
    prices = {price.price_id for plan in written["plans"] for price in plan.model.prices}
    are_plans_valid = len(written["plans"]) == len(ids["plans"])
    subscriptions = {item.model.subscription_id: item.model for item in written["subscriptions"]}
    for item in written["discounts"]:
        discount: Discount = item.model
        if discount.plan_id is not None and discount.plan_id not in ids["plans"]:
            yield _unknown(item, "plan_id", discount.plan_id, "plans", ids["plans"])
        if discount.price_id is not None and discount.price_id not in prices and are_plans_valid:
            yield _unknown(item, "price_id", discount.price_id, "prices", prices)
        if discount.subscription_id is not None:
            yield from _check_subscription(item, subscriptions, ids["subscriptions"])


def _check_subscription(
    item: Written[Discount], subscriptions: Mapping[str, Subscription], known: set[str]
) -> Iterator[Problem]:
    discount = item.model
    name = str(discount.subscription_id)
    if name not in known:
        yield _unknown(item, "subscription_id", name, "subscriptions", known)
        return
    subscription = subscriptions.get(name)
    if subscription is not None and subscription.customer_id != discount.customer_id:
        yield item.problem(
            ("subscription_id",),
            f"subscription {name!r} is of customer {subscription.customer_id!r}",
            "name a subscription of the discount's own customer, or leave it out",
        )


def _check_plan(plan: Written[Plan]) -> Iterator[Problem]:
    if plan.model.minimum_commitment is not None and len(plan.model.currencies) > 1:
        shown = ", ".join(sorted(plan.model.currencies))
        yield plan.problem(
            ("minimum_commitment",),
            f"is one amount, but the plan is sold in {shown}",
            "give the prices a minimum_commitment, or each currency a plan of its own",
        )
    for index, price in enumerate(plan.model.prices):
        for number, version in enumerate(price.versions):
            least, greatest = version.minimum_commitment, version.maximum_spend
            if least is not None and greatest is not None and least > greatest:
                yield plan.problem(
                    ("prices", index, "versions", number, "minimum_commitment"),
                    f"minimum_commitment {least} is above maximum_spend {greatest}",
                    "no amount can keep both; make maximum_spend the greater one",
                )


def _unknown(item: Written, field: str, value: str, section: str, known: set[str]) -> Problem:
    listed = ", ".join(sorted(known)[:8]) + (", ..." if len(known) > 8 else "")
    remedy = f"declare it under {section}, or use one of: {listed or 'none'}"
    return item.problem((field,), f"{section.removesuffix('s')} {value!r} is unknown", remedy)
