"""Land a catalog whole, in a version of its own; until the last transaction nobody sees it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from dlt.pipeline.exceptions import PipelineStepFailed
from sqlalchemy import Connection, text

from ingestion.catalog.models import Meter
from ingestion.catalog.reading import CURRENCIES_FILE, read_catalog, read_currencies
from ingestion.catalog.tables import SCHEMAS, catalog_tables, content_sha256
from ingestion.catalog.tax_checks import LandedGrant
from ingestion.catalog.validation import CatalogError
from ingestion.landing import Landing, LandingTarget, landing_folder
from ingestion.landing_faults import explain_landing_fault
from warehouse import MeterhouseError, Role, Warehouse
from warehouse.crash_points import crash_point

LOCK_NAME = "meterhouse.catalog"
SCHEMA = "raw_catalog"
TIME_ZONES = "select name from pg_timezone_names"
TARGET = LandingTarget(
    pipeline_name="catalog", dataset=SCHEMA, tables=SCHEMAS, folder_name="dlt_catalog"
)


@dataclass(frozen=True)
class CatalogReport:
    """What loading a catalog did.

    Attributes:
        catalog_version: The version that holds this content.
        content_sha256: Hash of what the catalog says.
        is_new: Whether the version was made now; otherwise the newest one said the same already.
        row_counts: Table name -> rows in this version.
    """

    catalog_version: int
    content_sha256: str
    is_new: bool
    row_counts: Mapping[str, int]

    def __str__(self) -> str:
        if not self.is_new:
            return f"Catalog unchanged: version {self.catalog_version} says the same."
        counts = ", ".join(
            f"{count:,} {name.replace('_', ' ')}" for name, count in self.row_counts.items()
        )
        return f"Catalog version {self.catalog_version} landed: {counts}."


def load_catalog(
    warehouse: Warehouse, directory: Path, *, currencies_file: Path = CURRENCIES_FILE
) -> CatalogReport:
    """Check a catalog directory and land it as a new version, unless the newest says the same.

    Args:
        warehouse: Where to.
        directory: The catalog directory.
        currencies_file: The list of currencies and their exponents.

    Returns:
        The version that holds the content, and whether it is new.

    Raises:
        CatalogError: The catalog is wrong; nothing was landed.
        MeterhouseError: Another catalog is being loaded right now.
    """
    directory = Path(directory)
    with _locked(warehouse) as connection:
        catalog = read_catalog(
            directory,
            currencies=read_currencies(currencies_file),
            landed_meters=landed_meters(connection),
            landed_grants=landed_grants(connection),
            time_zones=set(connection.execute(text(TIME_ZONES)).scalars()),
        )
        sha256 = content_sha256(catalog)
        newest = connection.execute(
            text(
                "select catalog_version, content_sha256 from ops.catalog_versions"
                " where state = 'landed' order by catalog_version desc limit 1"
            )
        ).one_or_none()
        if newest is not None and newest.content_sha256 == sha256:
            counts = _row_counts(connection, newest.catalog_version)
            connection.commit()
            return CatalogReport(newest.catalog_version, sha256, is_new=False, row_counts=counts)
        _abort_leftovers(connection)
        version = _open_version(connection, sha256, source_name=directory.name)
        crash_point("catalog.after_open")
        tables = catalog_tables(catalog, catalog_version=version)
        _land(warehouse, version, tables)
        crash_point("catalog.after_landing")
        counts = {name: table.num_rows for name, table in tables.items()}
        _publish(connection, version, counts)
        return CatalogReport(version, sha256, is_new=True, row_counts=counts)


def _land(warehouse: Warehouse, version: int, tables: Mapping[str, pa.Table]) -> None:
    """Append the tables of a version, in a folder of its own, and leave no folder behind."""
    folder = landing_folder(warehouse.state_dir, load_id=version, target=TARGET)
    shutil.rmtree(folder.parent, ignore_errors=True)  # what killed loads left
    landing = Landing(
        state_dir=warehouse.state_dir,
        load_id=version,
        url=warehouse.url(Role.LOADER),
        workers=1,
        target=TARGET,
    )
    try:
        landing.extract(tables.items())
        landing.normalize()
        landing.load()
    except PipelineStepFailed as error:
        raise explain_landing_fault(
            error, what=f"catalog version {version}", folder=warehouse.state_dir
        ) from error
    finally:
        landing.remove()


def landed_meters(connection: Connection) -> dict[str, Meter]:
    """Return the newest landed definition of every meter that was ever landed."""
    rows = connection.execute(
        text(
            "select distinct on (meter_id) meter_id, meter_name, event_type, aggregation, unit,"
            " dimensions::json as dimensions, reconciles_with, reconciliation_hours,"
            " counted_property, percentile"
            " from raw_catalog.meters inner join ops.catalog_versions using (catalog_version)"
            " where state = 'landed' order by meter_id, catalog_version desc"
        )
    )
    return {row.meter_id: Meter.model_validate(dict(row._mapping)) for row in rows}


def landed_grants(connection: Connection) -> dict[str, LandedGrant]:
    """Return the newest landed terms of every credit grant that was ever landed."""
    rows = connection.execute(
        text(
            "select distinct on (grant_id) grant_id, customer_id, currency_code, amount_unrounded"
            " from raw_catalog.credit_grants"
            " inner join ops.catalog_versions using (catalog_version)"
            " where state = 'landed' order by grant_id, catalog_version desc"
        )
    )
    return {
        row.grant_id: LandedGrant(row.customer_id, row.currency_code, row.amount_unrounded)
        for row in rows
    }


@contextmanager
def _locked(warehouse: Warehouse) -> Iterator[Connection]:
    """Yield a connection that alone may load a catalog while it is open."""
    with warehouse.engine(Role.LOADER).connect() as connection:
        lock = {"name": LOCK_NAME}
        query = text("select pg_try_advisory_lock(hashtextextended(:name, 0))")
        if not connection.execute(query, lock).scalar_one():
            raise MeterhouseError(
                "Another catalog is being loaded right now.", remedy="wait for it, then try again"
            )
        connection.commit()
        try:
            yield connection
        finally:
            connection.rollback()
            query = text("select pg_advisory_unlock(hashtextextended(:name, 0))")
            connection.execute(query, lock)
            connection.commit()


def _abort_leftovers(connection: Connection) -> None:
    """Give up versions that a killed process left half landed, and remove their rows."""
    leftovers = connection.execute(
        text(
            "update ops.catalog_versions set state = 'aborted' where state = 'landing'"
            " returning catalog_version"
        )
    ).scalars()
    for version in list(leftovers):
        for table in SCHEMAS:
            connection.execute(
                text(f"delete from {SCHEMA}.{table} where catalog_version = :version"),  # noqa: S608
                {"version": version},
            )
    connection.commit()


def _open_version(connection: Connection, sha256: str, *, source_name: str) -> int:
    version = connection.execute(
        text(
            "insert into ops.catalog_versions (content_sha256, state, source_name)"
            " values (:sha256, 'landing', :source_name) returning catalog_version"
        ),
        {"sha256": sha256, "source_name": source_name},
    ).scalar_one()
    connection.commit()
    return version


def _publish(connection: Connection, version: int, expected: Mapping[str, int]) -> None:
    """Make a version visible, once every row that it should have is there exactly once."""
    landed = _row_counts(connection, version)
    if landed != expected:
        raise CatalogError(
            f"Catalog version {version} did not land whole: {landed} instead of {dict(expected)}.",
            remedy="load the catalog again; the half-landed version stays invisible",
        )
    connection.execute(
        text(
            "update ops.catalog_versions set state = 'landed', landed_at = now()"
            " where catalog_version = :version"
        ),
        {"version": version},
    )
    crash_point("catalog.before_commit")
    connection.commit()
    for table in SCHEMAS:  # new statistics, or plans are made for an empty catalog
        connection.execute(text(f"analyze {SCHEMA}.{table}"))
    connection.commit()


def _row_counts(connection: Connection, version: int) -> dict[str, int]:
    return {
        table: connection.execute(
            text(f"select count(*) from {SCHEMA}.{table} where catalog_version = :version"),  # noqa: S608
            {"version": version},
        ).scalar_one()
        for table in SCHEMAS
    }
