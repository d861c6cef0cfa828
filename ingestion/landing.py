"""Lands Arrow tables through dlt: append, Parquet, COPY; dlt names, infers and alters nothing.

dlt is transport here, at least once. Each load works in a folder of its own, so that nothing of one
load can be taken for another's; what landed is counted afterwards by the caller, who decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema
from dlt.common.schema.utils import new_table
from sqlalchemy import URL

from ingestion.contracts import EVENTS_SCHEMA, REJECTED_SCHEMA

PIPELINE_NAME = "usage"
_CONFIGURATION = {
    "runtime.dlthub_telemetry": False,
    "runtime.log_level": "ERROR",
    "restore_from_destination": False,
    "extract.next_item_mode": "fifo",
    "normalize.parquet_normalizer.add_dlt_load_id": False,
    "normalize.parquet_normalizer.add_dlt_id": False,
    "data_writer.buffer_max_items": 65_536,
    "data_writer.file_max_items": 250_000,
    "load.delete_completed_jobs": True,
    "load.truncate_staging_dataset": False,
}


@dataclass(frozen=True)
class LandingTarget:
    """Tables that are there already, which rows are appended to.

    Attributes:
        pipeline_name: Name of dlt's pipeline.
        dataset: Postgres schema of the tables.
        tables: Table to its exact columns.
        folder_name: Name of the folder that loads work in, below the state folder.
    """

    pipeline_name: str
    dataset: str
    tables: Mapping[str, pa.Schema]
    folder_name: str


USAGE = LandingTarget(
    pipeline_name=PIPELINE_NAME,
    dataset="raw_usage",
    tables={"events": EVENTS_SCHEMA, "rejected": REJECTED_SCHEMA},
    folder_name="dlt",
)


class Landing:
    """One load's way through dlt.

    Args:
        state_dir: The state folder of the warehouse.
        load_id: The load.
        url: URL of the role that loads.
        workers: Number of connections that land rows side by side.
        target: The tables.
    """

    def __init__(
        self,
        *,
        state_dir: Path,
        load_id: int,
        url: URL,
        workers: int,
        target: LandingTarget = USAGE,
    ) -> None:
        for key, value in _CONFIGURATION.items():
            dlt.config[key] = value
        self._target = target
        self._folder = landing_folder(state_dir, load_id=load_id, target=target)
        self._url = url
        self._workers = workers
        self.reset()

    def reset(self) -> None:
        """Begins anew: whatever was extracted and not landed is gone."""
        self.remove()
        self._pipeline = dlt.pipeline(
            pipeline_name=self._target.pipeline_name,
            pipelines_dir=str(self._folder),
            dataset_name=self._target.dataset,
            destination=dlt.destinations.postgres(
                credentials=self._url.set(drivername="postgresql").render_as_string(
                    hide_password=False
                ),
                create_indexes=False,
            ),
        )

    def extract(self, batches: Iterable[tuple[str, pa.Table | Path]]) -> None:
        """Writes tables into the load's folder, as Parquet, and takes Parquet files as they are.

        Args:
            batches: Pairs of table name and rows, or a Parquet file of rows; in any
                order, read once, one at a time.
        """
        files: dict[str, list[Path]] = {name: [] for name in self._target.tables}
        resources = [
            dlt.resource(_name_tables(batches, files), name=self._target.pipeline_name),
            *(
                dlt.resource(_import(paths), name=f"{name}_files", table_name=name)
                for name, paths in files.items()
            ),
        ]
        self._pipeline.extract(
            resources,
            schema=_build_schema(self._target),
            write_disposition="append",
            loader_file_format="parquet",
            schema_contract="freeze",
        )

    def normalize(self) -> None:
        """Makes dlt's load package of what was extracted."""
        self._pipeline.normalize(workers=1)

    def load(self) -> str:
        """Lands the package.

        Returns:
            dlt's own id of the package; empty when there was nothing to land.
        """
        info = self._pipeline.load(workers=self._workers, raise_on_failed_jobs=True)
        return info.loads_ids[0] if info and info.loads_ids else ""

    def remove(self) -> None:
        """Removes the load's folder with everything that dlt kept in it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def landing_folder(state_dir: Path, *, load_id: int, target: LandingTarget = USAGE) -> Path:
    """Names the folder that dlt works in for one load.

    Args:
        state_dir: The state folder of the warehouse.
        load_id: The load.
        target: The tables that it goes to.

    Returns:
        The folder; it may not exist.
    """
    return state_dir / target.folder_name / f"load_{load_id}"


def reading_folder(state_dir: Path, *, load_id: int) -> Path:
    """Names the folder where a door may write Parquet files of a load; it goes with the load's.

    Args:
        state_dir: The state folder of the warehouse.
        load_id: The load.

    Returns:
        The folder; it may not exist.
    """
    return landing_folder(state_dir, load_id=load_id) / "reading"


def _name_tables(
    batches: Iterable[tuple[str, pa.Table | Path]], files: dict[str, list[Path]]
) -> Iterator[object]:
    """Yields the tables with their names, and sets files aside by table."""
    for name, rows in batches:
        if isinstance(rows, Path):
            files[name].append(rows)
        elif rows.num_rows:
            yield dlt.mark.with_table_name(rows, name)


def _import(paths: list[Path]) -> Iterator[object]:
    """Yields files as they are; asked for after all tables (next_item_mode is fifo)."""
    for path in paths:
        yield dlt.mark.with_file_import(str(path), "parquet")


def _build_schema(target: LandingTarget) -> dlt.Schema:
    schema = dlt.Schema(target.pipeline_name)
    for name, columns in target.tables.items():
        schema.update_table(
            new_table(
                name,
                write_disposition="append",
                file_format="parquet",
                resource=target.pipeline_name,
                schema_contract="freeze",
                columns=[_hint_column(field) for field in columns],
            )
        )
    return schema


def _hint_column(field: pa.Field) -> TColumnSchema:
    hint: TColumnSchema = {"name": field.name, "nullable": field.nullable}
    if pa.types.is_integer(field.type):
        return {**hint, "data_type": "bigint", "precision": field.type.bit_width}
    if pa.types.is_decimal(field.type):
        precision, scale = field.type.precision, field.type.scale
        return {**hint, "data_type": "decimal", "precision": precision, "scale": scale}
    if pa.types.is_timestamp(field.type):
        return {**hint, "data_type": "timestamp", "precision": 6, "timezone": True}
    if pa.types.is_date(field.type):
        return {**hint, "data_type": "date"}
    if pa.types.is_boolean(field.type):
        return {**hint, "data_type": "bool"}
    return {**hint, "data_type": "text"}
