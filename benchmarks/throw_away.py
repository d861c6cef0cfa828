"""Warehouses that are made to be measured, and removed afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.usage_files import CATALOG
from orchestration.instance import configure_instance
from orchestration.jobs import JobRunner
from warehouse import Warehouse, WarehouseSettings, open_warehouse
from warehouse.warehouse import embedded_server


@contextmanager
def throw_away(
    folder: Path,
    *,
    catalog: Path = CATALOG,
    building: bool = True,
) -> Iterator[tuple[Warehouse, JobRunner]]:
    """Makes a warehouse with a catalog; removed when the context ends.

    Args:
        folder: Its state folder.
        catalog: Folder of the catalog; default: the sample company's.
        building: Whether the build job has run on it.

    Yields:
        The warehouse, and what runs jobs on it.
    """
    settings = WarehouseSettings(state_dir=folder, database_url="")
    server = embedded_server(settings)
    server.remove()
    shutil.rmtree(folder, ignore_errors=True)
    before = dict(os.environ)
    os.environ.pop("METERHOUSE_DATABASE_URL", None)
    os.environ["METERHOUSE_STATE_DIR"] = str(folder)
    try:
        warehouse = open_warehouse(settings)
        os.environ.update(configure_instance(warehouse))
        runner = JobRunner()
        runner.run("land_catalog", ops={"catalog": {"directory": str(catalog)}})
        if building:
            runner.run("build")
        yield warehouse, runner
    finally:
        os.environ.clear()
        os.environ.update(before)
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)
