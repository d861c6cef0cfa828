"""Loaders take turns, whatever door they serve; each first takes back what killed ones left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from ingestion.landing import PIPELINE_NAME, landing_folder
from ingestion.ledger import abort_load, find_unfinished
from ingestion.outages import is_outage
from warehouse import Role, Warehouse


@contextmanager
def only_loader(engine: Engine, *, pipeline: str) -> Iterator[None]:
    """Waits until no other process loads by this pipeline, and keeps others out meanwhile.

    Args:
        engine: Engine of the role that loads.
        pipeline: Name of the pipeline.
    """
    name = {"name": f"meterhouse:load:{pipeline}"}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), name)
        try:
            yield
        finally:
            try:
                connection.execute(
                    text("select pg_advisory_unlock(hashtextextended(:name, 0))"), name
                )
            except DBAPIError as error:
                if not is_outage(error):  # a lock goes with its connection
                    raise


@contextmanager
def taking_turns(warehouse: Warehouse) -> Iterator[tuple[int, ...]]:
    """Keeps other loaders out, for a door that has to look before it opens a load.

    Args:
        warehouse: The warehouse.

    Yields:
        The loads of killed runs that were taken back first.
    """
    with only_loader(warehouse.engine(Role.LOADER), pipeline=PIPELINE_NAME):
        yield tuple(recover_loads(warehouse))


def recover_loads(warehouse: Warehouse) -> list[int]:
    """Takes back what killed runs left: their raw rows, their working folders, their open loads.

    Only for a caller that keeps other loaders out (`only_loader`): an open load is a dead one then.

    Args:
        warehouse: The warehouse.

    Returns:
        The loads that were taken back.
    """
    engine = warehouse.engine(Role.LOADER)
    unfinished = find_unfinished(engine)
    for load_id in unfinished:
        abort_load(engine, load_id)
    shutil.rmtree(landing_folder(warehouse.state_dir, load_id=0).parent, ignore_errors=True)
    return unfinished
