"""What every dbt model owes its reader: a proved grain, described columns, tested branches."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from sqlglot import expressions as sql

Manifest = dict[str, Any]
DBT_PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
PROJECT_ROOT = DBT_PROJECT.parent

UNDER_CONTRACT = ("marts/", "reporting/")
WITH_UNIT_TESTS = ("intermediate/rating/", "intermediate/invoicing/")
# what landed and was not admitted yet: a crash can land a delivery twice, so no key is unique there
NOT_UNIQUE_BY_NATURE = {"stg_usage__events", "stg_usage__rejected", "int_usage_events_judged"}
NOT_UNIQUE_BY_NATURE |= {"int_deliveries_fated"}
# a primary key of the database proves these, on every insert; a test would read all of history
# (tests/contract/test_tables.py holds that the key is there, admission that facts follow it)
EVENTS = ("registry", "fates", "voids", "revisions", "retractions")
PROVED_BY_THE_KEY_OF = {
    **{f"stg_ops__event_{name}": f"ops.event_{name}" for name in EVENTS},
    **{f"int_events_admitted_{lane}": f"ops.event_registry_{lane}" for lane in (0, 1)},
    "fct_usage_events": "ops.event_registry",
    "int_usage_deliveries_refused": "ops.event_fates",
    "fct_event_fates": "ops.event_fates",
    "stg_ops__applied_loads": "ops.applied_loads",
}
GRAIN = re.compile(r"^-- grain: one row per ([^;:(]+)")
CONFIG = r"\{#.*?#\}|\{\{\s*config\(.*?\)\s*\}\}(?:\"\)\s*\}\})?"
IDENTIFIER = re.compile(r"^[a-z][a-z0-9_]*$")


def models_of(manifest: Manifest) -> list[dict[str, Any]]:
    return [node for node in manifest["nodes"].values() if node["resource_type"] == "model"]


def grain_columns(node: dict[str, Any]) -> list[str] | None:
    """Returns the columns that a model's first line names; None when it names things."""
    found = GRAIN.match(node["raw_code"].splitlines()[0])
    if found is None:
        return None
    parts = [part.strip() for part in re.split(r",| and ", found.group(1)) if part.strip()]
    return parts if all(IDENTIFIER.match(part) for part in parts) else None


def unique_keys(manifest: Manifest, node: dict[str, Any]) -> list[list[str]]:
    """Returns the column lists that a test or a key of the table itself proves to be unique."""
    keys = []
    for test in manifest["nodes"].values():
        if test["resource_type"] != "test" or test.get("attached_node") != node["unique_id"]:
            continue
        metadata = test.get("test_metadata") or {}
        if not str(metadata.get("name", "")).startswith("unique"):
            continue
        arguments = metadata.get("kwargs", {})
        lists = [value for value in arguments.values() if isinstance(value, list)]
        keys.append(lists[0] if lists else [arguments.get("column_name", "")])
    keys += [c["columns"] for c in node.get("constraints", []) if c["type"] in KEYS]
    keys += [
        [name]
        for name, column in node["columns"].items()
        for constraint in column.get("constraints", [])
        if constraint["type"] in KEYS
    ]
    if node["config"].get("primary_key"):
        keys.append(node["config"]["primary_key"])
    return keys


KEYS = {"primary_key", "unique"}
# the hash of an event id decides a comparison at once (docs/decisions/0023)
FIRST_IN_KEYS = {"customer_id", "event_key_high"}
# replaced: made again whole from its inputs, so that it holds nothing a full refresh could lose
MATERIALIZED = {"view", "load_applied", "replaced"}
TYPES_BY_NAME = {
    "customer_id": "text",
    "_minor": "bigint",
    "_unrounded": "numeric(38,12)",
    "_at": "timestamptz",
}


def companion_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        wanted = Path(node["original_file_path"]).with_suffix(".yml")
        described_in = str(node.get("patch_path") or "").split("://", 1)[-1]
        if described_in != wanted.as_posix():
            yield f"{node['name']} is not described in {wanted}"


def description_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        if len(node["description"].split()) < 4:
            yield f"{node['name']} has no description"
        for name, column in node["columns"].items():
            if not column["description"].strip():
                yield f"{node['name']}.{name} has no description"
    for source in manifest["sources"].values():
        if not source["description"].strip():
            yield f"the source {source['name']} has no description"


def output_columns(raw_code: str) -> list[str] | None:
    """Returns the columns of a model's last select, or None when they can't be read."""
    text = re.sub(CONFIG, " ", raw_code, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}", " ", text, flags=re.DOTALL)
    text = re.sub(r"\{\{.*?\}\}", " jinja ", text, flags=re.DOTALL)
    try:
        tree = sqlglot.parse_one(text, dialect="postgres")
    except sqlglot.errors.SqlglotError:
        return None
    tables = {cte.alias: cte.this for cte in tree.find_all(sql.CTE)}
    return _names(tree, tables)


def _names(query: sql.Expression, tables: dict[str, sql.Expression]) -> list[str] | None:
    while isinstance(query, sql.SetOperation):
        query = query.this
    names: list[str] = []
    for item in query.expressions:
        if isinstance(item, sql.Star) or isinstance(getattr(item, "this", None), sql.Star):
            of = item.table if isinstance(item, sql.Column) else query.args["from_"].this.name
            inner = _names(tables[of], tables) if of in tables else None
            if inner is None:
                return None
            names += inner
        else:
            names.append(item.alias_or_name)
    return names


def column_list_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        selected, listed = output_columns(node["raw_code"]), list(node["columns"])
        if selected is None or "" in selected:
            yield f"{node['name']}: the columns of its last select can't be read"
        elif selected != listed:
            yield f"{node['name']}: the yml lists {listed}, the select gives {selected}"


def proves(key: list[str], grain: list[str]) -> bool:
    """Whether a unique key is the grain, or the surrogate key of a grain."""
    return set(key) == set(grain) or (len(key) == 1 and key[0].endswith("_key"))


def grain_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        if node["name"] in NOT_UNIQUE_BY_NATURE or node["name"] in PROVED_BY_THE_KEY_OF:
            continue
        keys, grain = unique_keys(manifest, node), grain_columns(node)
        if re.match(r"^-- grain: one row$", node["raw_code"].splitlines()[0]):
            continue
        if not keys:
            yield f"{node['name']}: nothing proves its grain"
        elif grain is not None and not any(proves(key, grain) for key in keys):
            yield f"{node['name']}: its grain is {grain}, what is proved is {keys}"


def contract_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        if not node["path"].startswith(UNDER_CONTRACT):
            continue
        if not node["config"]["contract"]["enforced"]:
            yield f"{node['name']} is under no contract"
        for name, column in node["columns"].items():
            kind = (column.get("data_type") or "").lower()
            if not kind or "char" in kind or re.search(r"\b(float|real|double|money)", kind):
                yield f"{node['name']}.{name} is of type {kind or '(none)'}"
            for ending, wanted in TYPES_BY_NAME.items():
                if name.endswith(ending) and kind.replace(" ", "") != wanted:
                    yield f"{node['name']}.{name} is of type {kind}"


def money_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        names = set(node["columns"])
        if any(name.endswith("_minor") for name in names) and "currency_code" not in names:
            yield f"{node['name']} has amounts without their currency"


def state_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        config = node["config"]
        if config["materialized"] not in MATERIALIZED:
            yield f"{node['name']} is a {config['materialized']}"
        if config["materialized"] == "load_applied" and config.get("full_refresh") is not False:
            yield f"{node['name']} keeps state and does not refuse a full refresh"
        if config.get("enabled") is False:
            yield f"{node['name']} is switched off"


def key_order_faults(manifest: Manifest) -> Iterator[str]:
    for node in models_of(manifest):
        config = node["config"]
        keys = [config.get("primary_key"), config.get("unique_key")]
        keys += [c["columns"] for c in node.get("constraints", []) if c["type"] in KEYS]
        keys += [(config.get("on_conflict") or {}).get("keys")]
        for key in filter(None, keys):
            names = [key] if isinstance(key, str) else key
            if "customer_id" in names and names[0] not in FIRST_IN_KEYS:
                yield f"{node['name']}: customer_id is not the first of {names}"
        grows = (config.get("meta") or {}).get("distribution") != "reference"
        if config["materialized"] != "view" and grows and "customer_id" not in node["columns"]:
            yield f"{node['name']} grows with usage and names no customer"


def unit_test_faults(manifest: Manifest) -> Iterator[str]:
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    for node in models_of(manifest):
        if node["path"].startswith(WITH_UNIT_TESTS) and node["name"] not in tested:
            yield f"{node['name']} has no unit test"


def severity_faults(manifest: Manifest) -> Iterator[str]:
    for node in manifest["nodes"].values():
        config = node["config"]
        if node["resource_type"] == "test" and (
            config.get("severity", "error").lower() != "error"
            or config.get("error_if", "!= 0") != "!= 0"
            or not config.get("enabled", True)
        ):
            yield f"{node['name']} tolerates failures"


def exposure_faults(manifest: Manifest) -> Iterator[str]:
    exposures = {exposure["name"] for exposure in manifest["exposures"].values()}
    for page in sorted((PROJECT_ROOT / "dashboards" / "app_pages").glob("*.py")):
        if page.stem != "__init__" and f"{page.stem}_page" not in exposures:
            yield f"the page {page.stem} has no exposure {page.stem}_page"


RULES = [
    companion_faults,
    description_faults,
    column_list_faults,
    grain_faults,
    contract_faults,
    money_faults,
    state_faults,
    key_order_faults,
    unit_test_faults,
    severity_faults,
    exposure_faults,
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_models_keep_the_rule(manifest: Manifest, rule: Any) -> None:
    assert sorted(rule(manifest)) == []


def broken_by(manifest: Manifest, name: str, **changes: Any) -> Manifest:
    """Returns the manifest with one model changed; `config` and `columns` are merged into."""
    broken = copy.deepcopy(manifest)
    node = next(node for node in models_of(broken) if node["name"] == name)
    for key, value in changes.items():
        node[key] = {**node[key], **value} if isinstance(value, dict) else value
    return broken


BARE = {"description": "", "data_type": "varchar(5)", "constraints": []}
DAILY_KEY = ["meter_id", "customer_id", "dimension_key", "usage_date"]
BREAKS = [
    (companion_faults, "agg_usage_daily", {"patch_path": "meterhouse://models/all.yml"}),
    (description_faults, "agg_usage_daily", {"description": ""}),
    (description_faults, "agg_usage_daily", {"columns": {"event_count": BARE}}),
    (column_list_faults, "agg_usage_daily", {"columns": {"surprise": BARE}}),
    (grain_faults, "agg_usage_daily", {"raw_code": "-- grain: one row per customer_id\n"}),
    (contract_faults, "agg_usage_daily", {"columns": {"customer_id": BARE}}),
    (contract_faults, "agg_usage_daily", {"config": {"contract": {"enforced": False}}}),
    (money_faults, "agg_usage_daily", {"columns": {"total_minor": BARE}}),
    (state_faults, "agg_usage_daily", {"config": {"full_refresh": None}}),
    (state_faults, "agg_usage_daily", {"config": {"materialized": "table"}}),
    (key_order_faults, "agg_usage_daily", {"config": {"primary_key": DAILY_KEY}}),
]


@pytest.mark.parametrize(("rule", "name", "changes"), BREAKS)
def test_a_broken_model_is_found(
    manifest: Manifest, rule: Any, name: str, changes: dict[str, Any]
) -> None:
    found = list(rule(broken_by(manifest, name, **changes)))
    assert [fault for fault in found if name in fault] != []


def test_a_missing_test_is_found(manifest: Manifest) -> None:
    nodes = {k: v for k, v in manifest["nodes"].items() if v["resource_type"] != "test"}
    bare = {**manifest, "nodes": nodes, "unit_tests": {}, "exposures": {}}
    assert any("stg_catalog__customers" in fault for fault in grain_faults(bare))
    assert any("int_charges_rated" in fault for fault in unit_test_faults(bare))
    assert not (PROJECT_ROOT / "dashboards").exists() or list(exposure_faults(bare)) != []
    test = {"resource_type": "test", "name": "lenient", "config": {"severity": "warn"}}
    assert list(severity_faults({"nodes": {"x": test}})) != []
