"""Read a catalog directory: everything that is wrong with it at once, or a catalog that holds."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from operator import attrgetter
from pathlib import Path

from ingestion.catalog.agreement_checks import check_agreements
from ingestion.catalog.documents import read_documents
from ingestion.catalog.models import SECTIONS, Catalog, Meter
from ingestion.catalog.price_checks import check_prices
from ingestion.catalog.reference_checks import (
    check_meters_unchanged,
    check_references,
    check_time_zones,
    check_unique_ids,
    ids_written,
)
from ingestion.catalog.subscription_checks import check_subscriptions
from ingestion.catalog.tax_checks import LandedGrant, check_credit_grants, check_taxes
from ingestion.catalog.validation import CatalogError, validate_entries
from warehouse.errors import MeterhouseError, Problem

CURRENCIES_FILE = Path(__file__).parents[2] / "dbt_project" / "seeds" / "currencies.csv"
REQUIRED = ("legal_entities", "plans")


def read_currencies(path: Path = CURRENCIES_FILE) -> dict[str, int]:
    """Return the known currency codes with the exponent of their minor unit.

    Args:
        path: A CSV file with the columns `currency_code` and `currency_exponent`.

    Raises:
        MeterhouseError: There is no such file.
    """
    if not path.is_file():
        raise MeterhouseError(
            f"The list of currencies is not at {path}.", remedy="restore it from version control"
        )
    with path.open(encoding="utf-8", newline="") as file:
        return {
            row["currency_code"]: int(row["currency_exponent"])
            for row in csv.DictReader(file)
            if row["currency_exponent"]
        }


def read_catalog(
    directory: Path,
    *,
    currencies: Mapping[str, int] | None = None,
    landed_meters: Mapping[str, Meter] | None = None,
    landed_grants: Mapping[str, LandedGrant] | None = None,
    time_zones: Collection[str] | None = None,
) -> Catalog:
    """Read and check a whole catalog.

    Args:
        directory: The catalog directory: YAML, JSON and CSV files, sub-directories included.
        currencies: Currency codes with their exponents; the project's list when not given.
        landed_meters: Meters by id as landed before, which may not change what they measure.
        landed_grants: Credit grants by id as landed before, whose amounts may not change.
        time_zones: The zones that the server knows; not asked for when not given.

    Returns:
        The catalog, every section in id order.

    Raises:
        CatalogError: The catalog is wrong; `problems` lists every fault with file, line and remedy.
    """
    directory = Path(directory)
    if not directory.is_dir():
        raise CatalogError(
            f"There is no catalog directory {directory}.",
            remedy="give a directory of YAML, JSON and CSV files, like examples/llm_api/catalog",
        )
    currencies = read_currencies() if currencies is None else currencies
    entries, problems = read_documents(directory, frozenset(SECTIONS))
    written, faults = validate_entries(entries)
    problems += faults
    ids = ids_written(entries)
    meters = {item.model.meter_id: item.model for item in written["meters"]}
    problems += check_unique_ids(written)
    problems += check_references(written, ids, currencies)
    problems += check_time_zones(written["customers"], time_zones)
    for plan in written["plans"]:
        problems += check_prices(plan, meters, ids["meters"])
    problems += check_subscriptions(written)
    problems += check_agreements(written, ids, currencies)
    problems += check_meters_unchanged(written["meters"], landed_meters or {})
    problems += check_taxes(written, ids)
    problems += check_credit_grants(written, ids, currencies, landed_grants or {})
    if not problems:
        problems += [
            Problem(f"nothing is given under {section}", "add at least one entry", str(directory))
            for section in REQUIRED
            if not written[section]
        ]
    if problems:
        problems.sort(key=lambda problem: (problem.file or "", problem.line or 0))
        count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        raise CatalogError(f"The catalog {directory} has {count}:", problems=problems)
    return Catalog(
        **{
            section: tuple(
                sorted((item.model for item in written[section]), key=attrgetter(id_field))
            )
            for section, (_, id_field) in SECTIONS.items()
        }
    )
