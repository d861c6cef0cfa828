"""A subscription as a row of the warehouse, and values as the texts that are kept of them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

from ingestion.catalog.price_models import CatalogModel
from ingestion.catalog.subscription_models import Subscription
from ingestion.catalog.timelines import first_local_day, last_local_day_after


def canonical(value: Any) -> str:
    """Return the one text of a number, a day or an instant."""
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return value.isoformat()


def json_of(value: Any) -> str:
    """Return the one JSON text of a value."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def subscription_row(subscription: Subscription, zone: str) -> dict[str, Any]:
    """Return the row of a subscription; its days are there also where instants are given."""
    lists = {
        name: json_of([_written(item) for item in getattr(subscription, name)])
        for name in ("changes", "pauses")
        if getattr(subscription, name)
    }
    return {
        **subscription.model_dump(exclude={"changes", "pauses"}),
        "starts_on": first_local_day(subscription, zone),
        "ends_on": last_local_day_after(subscription, zone),
        "changes": None,
        "pauses": None,
        **lists,
    }


def _written(item: CatalogModel) -> dict[str, str]:
    return {
        name: canonical(value) if isinstance(value, Decimal | date) else value
        for name, value in item.model_dump(by_alias=True).items()
        if value is not None
    }
