"""Loaders take turns, whatever door they serve; each first takes back what killed ones left."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from ingestion.landing import PIPELINE_NAME, landing_folder
from ingestion.ledger import abort_load, find_unfinished, only_loader
from warehouse import Role, Warehouse


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
