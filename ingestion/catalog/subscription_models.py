"""What a catalog says of subscriptions: their time, quantity, changes, pauses and trial."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, model_validator

from ingestion.catalog.price_models import CatalogModel
from ingestion.catalog.scalars import Day, Identifier, Instant, Quantity, Text, fault


class SubscriptionChange(CatalogModel):
    """Another plan or quantity from a local day, or from an instant, on."""

    on: Day | None = None
    at: Instant | None = None
    plan_id: Identifier | None = None
    quantity: Quantity | None = None

    @model_validator(mode="after")
    def _check(self) -> SubscriptionChange:
        if (self.on is None) == (self.at is None):
            raise fault("is not at one time", "give on: a day, or at: an instant, and not both")
        if self.plan_id is None and self.quantity is None:
            raise fault("changes nothing", "give a plan_id, a quantity, or both")
        return self


class Pause(CatalogModel):
    """Local days on which a subscription is not there; open-ended without `to`."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_by_name=True)

    from_day: Annotated[Day, Field(alias="from")]
    to_day: Annotated[Day | None, Field(alias="to")] = None

    @model_validator(mode="after")
    def _check_order(self) -> Pause:
        if self.to_day is not None and self.to_day <= self.from_day:
            remedy = "`to` is the first day that is no longer paused"
            raise fault(f"to {self.to_day} is not after {self.from_day}", remedy)
        return self


class Subscription(CatalogModel):
    """A customer on a plan from its start to its end; open-ended without an end.

    The start is the beginning of the local day `starts_on` or the instant `starts_at`; so is the
    end. `quantity` multiplies flat fees.
    """

    subscription_id: Text
    customer_id: Text
    plan_id: Identifier
    starts_on: Day | None = None
    starts_at: Instant | None = None
    ends_on: Day | None = None
    ends_at: Instant | None = None
    billing_anchor_day: Annotated[int, Field(ge=1, le=31)] = 1
    quantity: Quantity = Decimal(1)
    trial_ends_on: Day | None = None
    changes: tuple[SubscriptionChange, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @model_validator(mode="after")
    def _check_times(self) -> Subscription:
        if (self.starts_on is None) == (self.starts_at is None):
            raise fault(
                "does not start at one time",
                "add `starts_on: ...`, a day, or `starts_at: ...`, an instant, and not both",
            )
        if self.ends_on is not None and self.ends_at is not None:
            raise fault("ends twice", "keep one of ends_on and ends_at")
        for start, end, name in (
            (self.starts_on, self.ends_on, "ends_on"),
            (self.starts_at, self.ends_at, "ends_at"),
        ):
            if start is not None and end is not None and end <= start:
                remedy = f"{name} is the first time that is no longer subscribed"
                raise fault(f"{name} {end} is not after {start}", remedy)
        return self
