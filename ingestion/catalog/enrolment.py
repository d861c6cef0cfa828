"""Write the customers that usage names into a catalog: its customer list isn't always at hand."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Enrolment:
    """How customers that only usage knows are taken in.

    Attributes:
        legal_entity_id: Who bills them.
        country_code: Their country.
        currency_code: Their currency, which is that of the plan.
        plan_id: The plan that each is subscribed to.
        starts_on: First day of the subscriptions.
    """

    legal_entity_id: str
    country_code: str
    currency_code: str
    plan_id: str
    starts_on: date


def enrol_customers(
    directory: Path, customer_ids: Iterable[str], enrolment: Enrolment
) -> Sequence[str]:
    """Write customers.csv and subscriptions.csv: one subscription for each customer.

    The same customers give the same bytes, whatever order they come in. A customer's name is its
    id, for want of a better one.

    Args:
        directory: The catalog directory; files of these two names are replaced.
        customer_ids: Ids as usage gives them; repeated ones count once.
        enrolment: What is the same for all of them.

    Returns:
        The ids that were enrolled, in order.
    """
    enrolled = sorted(set(customer_ids))
    _write_rows(
        directory / "customers.csv",
        ("customer_id", "customer_name", "legal_entity_id", "country_code", "currency_code"),
        (
            (
                customer_id,
                customer_id,
                enrolment.legal_entity_id,
                enrolment.country_code,
                enrolment.currency_code,
            )
            for customer_id in enrolled
        ),
    )
    _write_rows(
        directory / "subscriptions.csv",
        ("subscription_id", "customer_id", "plan_id", "starts_on"),
        (
            (
                f"{enrolment.plan_id}:{customer_id}",
                customer_id,
                enrolment.plan_id,
                enrolment.starts_on.isoformat(),
            )
            for customer_id in enrolled
        ),
    )
    return enrolled


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
    partial.replace(path)
