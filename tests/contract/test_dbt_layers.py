"""Which layer may read which, over the parsed dbt project: every edge that is allowed, and why."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

Manifest = dict[str, Any]

SEEDS = "seeds"
CATALOG, OPS, USAGE, CLOSED = "staging/catalog", "staging/ops", "staging/usage", "staging/closed"
CALENDAR, METERING = "intermediate/calendar", "intermediate/metering"
RATING, INVOICING = "intermediate/rating", "intermediate/invoicing"
CORE, USAGE_MARTS, BILLING = "marts/core", "marts/usage", "marts/billing"

# folder -> the folders whose models its own models may read
MAY_READ: dict[str, set[str]] = {
    # which months, segments and customers there are: the catalog, the closes, and the used months
    CALENDAR: {CATALOG, OPS, SEEDS, CALENDAR, USAGE_MARTS},
    # events are judged before they are facts; quantities are measured from the aggregates, which
    # are marts since they are kept by load, so that metering reads back what the usage marts hold
    METERING: {CATALOG, OPS, USAGE, CALENDAR, METERING, USAGE_MARTS},
    # a price meets a measured quantity; no event and no aggregate is read here again. Usage that
    # met no price is told apart by the calendar: was the customer subscribed on that day?
    RATING: {CATALOG, CALENDAR, METERING, RATING},
    # what was billed before is read from the closed lines, to bill only the difference
    INVOICING: {CATALOG, CLOSED, CALENDAR, METERING, RATING, INVOICING},
    CORE: {SEEDS, CALENDAR, METERING},
    # a fact is a landed delivery that the registry accepted; hourly usage is made of the same
    # deliveries beside it, every other aggregate of aggregates
    USAGE_MARTS: {OPS, USAGE, METERING, USAGE_MARTS},
    # drafts are shown as they stand, closed tables are copies of drafts, closes are as recorded;
    # what became of usage is known once it is rated, whether it is invoiced or not
    BILLING: {CALENDAR, RATING, INVOICING, BILLING},
    # what is shown comes from marts only
    "reporting": {CORE, USAGE_MARTS, BILLING, "reporting"},
}
# an aggregate is read outside the usage marts, the single events are not
NOT_READ_OUTSIDE = {"fct_usage_events": {USAGE_MARTS}}
SOURCES_OF = {
    CATALOG: {"raw_catalog", "ops"},
    OPS: {"ops"},
    USAGE: {"raw_usage"},
    CLOSED: {"closed"},
}
PREFIXES = {
    "intermediate": ("int_",),
    CORE: ("dim_",),
    USAGE_MARTS: ("fct_", "agg_"),
    BILLING: ("fct_",),
    "reporting": ("rpt_",),
}


def folder_of(node: dict[str, Any]) -> str:
    if node["resource_type"] == "seed":
        return SEEDS
    parts = node["path"].split("/")[:-1]
    return "/".join(parts[:2])


def models_of(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def folder_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        folder = folder_of(node)
        if folder not in MAY_READ and folder not in SOURCES_OF:
            yield f"{node['path']}: {folder} is a folder without a rule"


def edge_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        folder = folder_of(node)
        for parent_id in node["depends_on"]["nodes"]:
            if parent_id.startswith("source."):
                source = manifest["sources"][parent_id]["source_name"]
                if source not in SOURCES_OF.get(folder, set()):
                    yield f"{node['name']} ({folder}) reads the source {source}"
                continue
            parent = manifest["nodes"][parent_id]
            if folder_of(parent) not in MAY_READ.get(folder, set()):
                yield f"{node['name']} ({folder}) reads {parent['name']} ({folder_of(parent)})"
            if folder not in NOT_READ_OUTSIDE.get(parent["name"], {folder}):
                yield f"{node['name']} ({folder}) reads {parent['name']}"


def name_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        folder, name = folder_of(node), node["name"]
        layer, _, system = folder.partition("/")
        wanted = PREFIXES.get(folder) or PREFIXES.get(layer) or (f"stg_{system}__",)
        if not name.startswith(wanted):
            yield f"{node['path']}: {name} does not start with {' or '.join(wanted)}"


def schema_faults(manifest: Manifest) -> Iterator[str]:
    """Finds models outside the schema that has their layer's name."""
    for node in models_of(manifest):
        layer = node["path"].split("/", 1)[0]
        if node["schema"] != layer:
            yield f"{node['name']} is built in {node['schema']}, not in {layer}"


def unread_faults(manifest: Manifest) -> Iterator[str]:
    """Finds models and seeds that nothing reads: neither a model, nor an exposure."""
    read = {
        parent
        for group in ("nodes", "exposures")
        for node in manifest[group].values()
        if node["resource_type"] in {"model", "exposure"}
        for parent in node["depends_on"]["nodes"]
    }
    for key, node in manifest["nodes"].items():
        if node["resource_type"] in {"model", "seed"} and key not in read:
            yield f"{node['name']} is read by nothing"


RULES = [folder_faults, edge_faults, name_faults, schema_faults]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_models_keep_the_rule(manifest: Manifest, rule: Any) -> None:
    assert sorted(rule(manifest)) == []


# read by people and by the close, not by another model
ENDS_OF_THE_LINE = {"agg_usage_monthly"}


def test_no_model_is_dead(manifest: Manifest) -> None:
    assert [f for f in unread_faults(manifest) if f.split()[0] not in ENDS_OF_THE_LINE] == []


def node_named(manifest: Manifest, name: str) -> dict[str, Any]:
    return next(node for node in models_of(manifest) if node["name"] == name)


@pytest.mark.parametrize(
    ("reader", "parent"),
    [
        ("stg_usage__events", "model.meterhouse.fct_usage_events"),
        ("stg_usage__events", "source.meterhouse.ops.loads"),
        ("int_fees_rated_flat", "model.meterhouse.agg_usage_daily"),
        ("int_usage_measured", "model.meterhouse.fct_usage_events"),
        ("int_usage_measured", "source.meterhouse.raw_usage.events"),
        ("agg_usage_daily", "model.meterhouse.int_invoices_drafted"),
    ],
)
def test_a_forbidden_edge_is_found(manifest: Manifest, reader: str, parent: str) -> None:
    known = parent in manifest["nodes"] or parent in manifest["sources"]
    names = {node["name"] for node in models_of(manifest)}
    reader = reader if reader in names else "int_charges_rated"
    assert known, f"{parent} is gone: choose another sample"
    broken = copy.deepcopy(manifest)
    node_named(broken, reader)["depends_on"]["nodes"].append(parent)
    assert list(edge_faults(broken)) != []


def test_other_faults_of_layers_are_found(manifest: Manifest) -> None:
    broken = copy.deepcopy(manifest)
    node = node_named(broken, "agg_usage_daily")
    node |= {"name": "daily_usage", "schema": "public", "path": "marts/other/daily_usage.sql"}
    assert list(folder_faults(broken)) != []
    assert list(schema_faults(broken)) != []
    assert list(name_faults({"nodes": {"x": {**node, "path": "marts/usage/x.sql"}}})) != []
    alone = {"nodes": {"model.meterhouse.daily_usage": node}, "exposures": {}}
    assert list(unread_faults(alone)) == ["daily_usage is read by nothing"]
