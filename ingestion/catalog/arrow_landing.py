"""Append Arrow tables to warehouse tables that are already there, through dlt and ADBC."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import dlt
import pyarrow as pa
from sqlalchemy import URL


def land_tables(
    tables: Mapping[str, pa.Table], *, url: URL, schema: str, pipeline_name: str, working_dir: Path
) -> str | None:
    """Append tables to those of the same names; nothing is inferred, renamed or coerced.

    Args:
        tables: Table name -> rows, with exactly the columns of the warehouse's table.
        url: Where to, as the loader role.
        schema: The Postgres schema of the tables.
        pipeline_name: The dlt pipeline; never two at once with one working directory.
        working_dir: Where dlt keeps its packages.

    Returns:
        dlt's load id, or None where there was nothing to land.
    """
    filled = {name: table for name, table in tables.items() if table.num_rows}
    if not filled:
        return None
    dlt.config["runtime.dlthub_telemetry"] = False
    dlt.config["runtime.log_level"] = "CRITICAL"
    pipeline = dlt.pipeline(
        pipeline_name=pipeline_name,
        pipelines_dir=str(working_dir),
        destination=dlt.destinations.postgres(
            credentials=url.set(drivername="postgresql").render_as_string(hide_password=False),
            create_indexes=False,
        ),
        dataset_name=schema,
    )
    resources = [
        dlt.resource([table], name=name, write_disposition="append")
        for name, table in filled.items()
    ]
    info = pipeline.run(resources, loader_file_format="parquet")
    info.raise_on_failed_jobs()
    return info.loads_ids[-1]
