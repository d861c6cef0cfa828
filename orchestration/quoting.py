"""Quotes: what given usage would cost on a plan, by the same models, in a scratch warehouse."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import text

from ingestion.catalog import CatalogError, load_catalog
from ingestion.catalog.documents import read_documents
from ingestion.catalog.models import SECTIONS
from ingestion.loads import load_files
from orchestration.dbt_project import build_models, prepared_manifest
from orchestration.quoted_catalog import chosen_plan, made_up_catalog, usage_of
from warehouse import MeterhouseError, Problem, Role, Warehouse
from warehouse.progress import progress
from warehouse.scratch import scratch_warehouse

RESULTS = ("rpt_invoice_register", "rpt_invoice_lines", "rpt_invoice_line_tiers", "rpt_event_fates")
INVOICES = """
    select invoice_key, customer_id, currency_code, currency_exponent, total_minor, period_start
    from reporting.rpt_invoice_register order by customer_id, period_start, currency_code
"""
LINES = """
    select
        invoice_key, line_key, line_number, line_type, label, plan_name, price_version_id,
        charge_model, meter_name, unit, quantity, amount_minor, service_start, service_end
    from reporting.rpt_invoice_lines order by invoice_key, line_number
"""
TIERS = """
    select line_key, tier_number, up_to, quantity, unit_price_unrounded, flat_fee_unrounded,
        amount_unrounded
    from reporting.rpt_invoice_line_tiers order by line_key, tier_number
"""
FATES = """
    select fate, coalesce(reason, '') as reason, sum(delivery_count)::bigint as delivery_count
    from reporting.rpt_event_fates group by fate, reason order by fate, reason
"""
PARKED = """
    select customer_id, month_start, reason from intermediate.int_customers_parked
    order by customer_id, month_start, reason
"""


@dataclass(frozen=True)
class Quote:
    """What usage would cost.

    Attributes:
        plan_id: The plan.
        invoices: One row per customer, month and currency; each with its `lines`, each of
            these with its `tiers`.
        fates: How many deliveries had which fate, and why.
        parked: Customers and months that can't be priced, with the reason.
    """

    plan_id: str
    invoices: Sequence[Mapping[str, Any]]
    fates: Sequence[Mapping[str, Any]]
    parked: Sequence[Mapping[str, Any]]


def quote(
    warehouse: Warehouse,
    *,
    plan: Path,
    usage: Sequence[Path],
    mapping: Path | None = None,
    plan_id: str = "",
) -> Quote:
    """Prices usage on a plan, through the models that bill, without touching the warehouse's data.

    The plan's file is a part of a catalog. It needs `plans`; meters that it does not define are
    those of the warehouse, and whatever else is missing is made up: a legal entity, and for
    every customer of the usage a subscription of the plan over the months of the usage.

    Args:
        warehouse: The warehouse whose server is used.
        plan: The file with the plan.
        usage: Files, folders and patterns of usage.
        mapping: How rows become events; None: native events.
        plan_id: Which plan of the file; empty where it has one.

    Returns:
        The invoices that would come of it.

    Raises:
        MeterhouseError: A file is missing or wrong, or nothing in it is a usage event.
    """
    if not plan.is_file():
        raise MeterhouseError(f"There is no file {plan}.", remedy="give the plan's YAML file")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="meterhouse-quote-")))
        written = folder / f"plan{plan.suffix}"
        shutil.copyfile(plan, written)
        with _named_as_given(written, plan):
            entries, problems = read_documents(folder, frozenset(SECTIONS))
            if problems:
                raise CatalogError(f"{plan} can't be read:", problems=problems)
        chosen = chosen_plan(entries, plan, plan_id)
        with progress().task("Making a scratch warehouse", unit=""):
            scratch = stack.enter_context(scratch_warehouse(warehouse))
        with progress().task("Landing the usage", unit="events") as task:
            report = load_files(scratch, usage, mapping)
            task.advance(report.event_count)
        made_up = made_up_catalog(warehouse, entries, chosen, usage_of(scratch, report, usage))
        (folder / "made_up.json").write_text(json.dumps(made_up))
        with progress().task("Landing the catalog", unit=""), _named_as_given(written, plan):
            load_catalog(scratch, folder)
        manifest = prepared_manifest(warehouse.state_dir)
        with progress().task("Admitting, aggregating, rating", unit=""):
            build_models(scratch, manifest, models=RESULTS)
        return _read(scratch, str(chosen["plan_id"]))


@contextmanager
def _named_as_given(copied: Path, given: Path) -> Iterator[None]:
    """Lets problems name the file that the user gave, not its copy."""
    try:
        yield
    except CatalogError as error:
        named: list[Problem] = [
            replace(problem, file=str(given)) if problem.file == str(copied) else problem
            for problem in error.problems
        ]
        count = "1 problem" if len(named) == 1 else f"{len(named)} problems"
        raise CatalogError(f"{given} has {count}:", problems=named) from error


def _read(scratch: Warehouse, plan_id: str) -> Quote:
    with scratch.engine(Role.REPORTER).connect() as connection:
        invoices, lines, tiers, fates = (
            [dict(row) for row in connection.execute(text(query)).mappings()]
            for query in (INVOICES, LINES, TIERS, FATES)
        )
    with scratch.engine(Role.TRANSFORMER).connect() as connection:
        parked = [dict(row) for row in connection.execute(text(PARKED)).mappings()]
    tiers_of, lines_of = _grouped(tiers, "line_key"), _grouped(lines, "invoice_key")
    for line in lines:
        line["tiers"] = tiers_of.get(line["line_key"], [])
    for invoice in invoices:
        invoice["lines"] = lines_of.get(invoice["invoice_key"], [])
    return Quote(plan_id=plan_id, invoices=invoices, fates=fates, parked=parked)


def _grouped(rows: Sequence[dict[str, Any]], key: str) -> dict[str, list[dict[str, Any]]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[key], []).append(row)
    return groups
