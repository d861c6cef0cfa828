"""The catalog of a quote: the plan as written, and what it leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date
from pathlib import Path
from typing import Any

from sqlalchemy import text

from ingestion.catalog.documents import Entry
from ingestion.catalog.landing import landed_meters
from ingestion.catalog.models import SECTIONS
from ingestion.loads import LoadReport
from warehouse import MeterhouseError, Role, Warehouse

QUOTER = "quote"


@dataclass(frozen=True)
class QuotedUsage:
    """Whose usage is quoted, and over which months.

    Attributes:
        customers: Ids of the customers, sorted.
        first_day: First day of the month of the first event, in UTC.
        end: First day after the month of the last one.
    """

    customers: tuple[str, ...]
    first_day: date
    end: date


def chosen_plan(entries: Sequence[Entry], file: Path, plan_id: str) -> Mapping[str, Any]:
    """Return the plan that is meant, as written.

    Raises:
        MeterhouseError: There is none, or there are several and none was chosen.
    """
    plans = [item.data for item in entries if item.section == "plans" and "plan_id" in item.data]
    if plan_id:
        plans = [item for item in plans if item["plan_id"] == plan_id]
    if len(plans) == 1:
        return plans[0]
    if plans:
        names = ", ".join(str(item["plan_id"]) for item in plans)
        raise MeterhouseError(
            f"{file} has {len(plans)} plans.", remedy=f"choose one with --plan-id: {names}"
        )
    wanted = f"no plan {plan_id}" if plan_id else "no plan"
    raise MeterhouseError(f"{file} has {wanted}.", remedy="write it under plans: with a plan_id")


def usage_of(scratch: Warehouse, report: LoadReport, usage: Sequence[Path]) -> QuotedUsage:
    """Return whose usage landed in a scratch warehouse, and the months that it is in.

    Raises:
        MeterhouseError: No usage event landed.
    """
    query = """
        select
            array_agg(distinct customer_id) as customers,
            min(occurred_at) as first, max(occurred_at) as last
        from raw_usage.events where occurred_at >= '2000-01-01T00:00:00Z'
    """
    with scratch.engine(Role.TRANSFORMER).connect() as connection:
        row = connection.execute(text(query)).one()
    if row.first is None:
        reasons = ", ".join(
            f"{count:,} {name}" for name, count in report.rejected_by_reason.items()
        )
        raise MeterhouseError(
            f"No usage event in {', '.join(str(path) for path in usage)}"
            + (f": {reasons}." if reasons else "."),
            remedy="give a file of events, and --mapping where it is not in the native form",
        )
    start = row.first.astimezone(UTC).date().replace(day=1)
    last = row.last.astimezone(UTC).date()
    end = date(last.year + last.month // 12, last.month % 12 + 1, 1)
    return QuotedUsage(tuple(sorted(row.customers)), start, end)


def made_up_catalog(
    warehouse: Warehouse,
    entries: Sequence[Entry],
    plan: Mapping[str, Any],
    usage: QuotedUsage,
) -> dict[str, list[dict[str, Any]]]:
    """Return what the plan's file leaves open, as sections of a catalog."""
    given = {
        section: {
            str(item.data.get(id_field)): item.data
            for item in entries
            if item.section == section and isinstance(item.data, dict)
        }
        for section, (_, id_field) in SECTIONS.items()
    }
    made: dict[str, list[dict[str, Any]]] = {}
    if not given["legal_entities"]:
        entity = {"legal_entity_id": QUOTER, "legal_entity_name": "Quote", "country_code": "US"}
        made["legal_entities"] = [{**entity, "address": "-", "invoice_number_prefix": "QUOTE"}]
    entity = [*given["legal_entities"].values(), *made.get("legal_entities", [])][0]
    subscribed = {str(item.get("customer_id")) for item in given["subscriptions"].values()}
    made["customers"] = [
        {
            "customer_id": customer_id,
            "customer_name": customer_id,
            "legal_entity_id": entity["legal_entity_id"],
            "country_code": entity["country_code"],
            "currency_code": plan.get("currency_code"),
        }
        for customer_id in usage.customers
        if customer_id not in given["customers"]
    ]
    made["subscriptions"] = [
        {
            "subscription_id": f"{QUOTER}:{customer_id}",
            "customer_id": customer_id,
            "plan_id": plan["plan_id"],
            "starts_on": usage.first_day.isoformat(),
            "ends_on": usage.end.isoformat(),
        }
        for customer_id in usage.customers
        if customer_id not in subscribed
    ]
    made["meters"] = _known_meters(warehouse, entries, given["meters"])
    return {section: items for section, items in made.items() if items}


def _known_meters(
    warehouse: Warehouse, entries: Sequence[Entry], given: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the warehouse's meters that prices name and the file does not define."""
    named = {
        str(price["meter_id"])
        for item in entries
        if item.section == "plans" and isinstance(item.data.get("prices"), list)
        for price in item.data["prices"]
        if isinstance(price, dict) and price.get("meter_id")
    }
    with warehouse.engine(Role.LOADER).connect() as connection:
        landed = landed_meters(connection)
    return [
        landed[meter_id].model_dump(mode="json", exclude_none=True)
        for meter_id in sorted(named - set(given))
        if meter_id in landed
    ]
