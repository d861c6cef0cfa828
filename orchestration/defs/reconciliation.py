"""Asset checks: each hop of the line is reconciled, at zero tolerance."""

from collections.abc import Iterator
from dataclasses import asdict

import dagster as dg

from audit import reconcile
from audit.line import HOPS
from orchestration.resources import WarehouseResource

FACTS = dg.AssetKey(["marts", "fct_usage_events"])


def check_name(hop: str) -> str:
    """Returns the name of a hop's check."""
    return f"reconciles_{hop.replace(' ', '_')}"


@dg.multi_asset_check(
    name="usage_reconciles",
    specs=[
        dg.AssetCheckSpec(
            name=check_name(hop.name),
            asset=FACTS,
            description=f"{hop.left_name} = {hop.right_name}, by {', '.join(hop.keys)}",
        )
        for hop in HOPS
    ],
)
def usage_reconciles(warehouse: WarehouseResource) -> Iterator[dg.AssetCheckResult]:
    """Compares every hop of all history; its cost follows the history."""
    found = reconcile(warehouse.open())
    for hop in found.hops:
        yield dg.AssetCheckResult(
            asset_key=FACTS,
            check_name=check_name(hop.name),
            passed=not hop.difference_count,
            description=hop.describe() if hop.difference_count else "nothing differs",
            metadata={name: value for name, value in asdict(hop).items() if isinstance(value, int)},
        )
