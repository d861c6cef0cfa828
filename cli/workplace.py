"""What every command needs: the opened warehouse and, where it runs jobs, the job runner."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cli.display import TerminalProgress, console
from warehouse import Warehouse, open_warehouse
from warehouse.progress import Progress, SilentProgress, progress, showing

if TYPE_CHECKING:
    from orchestration.jobs import JobRunner


@contextmanager
def working() -> Iterator[tuple[Warehouse, JobRunner]]:
    """Opens the warehouse and loads the jobs, showing progress while the context is open."""
    with opened() as warehouse:
        os.environ.update(_instance_variables(warehouse))
        with progress().task("Loading the jobs", unit=""):
            runner = _loaded_runner()
        yield warehouse, runner


@contextmanager
def opened(*, quiet: bool = False) -> Iterator[Warehouse]:
    """Opens the warehouse, showing progress while the context is open.

    Args:
        quiet: Whether to show nothing, for a command whose output a program reads.
    """
    warnings.filterwarnings("ignore")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    reporter: Progress = SilentProgress() if quiet else TerminalProgress()
    with showing(reporter):
        with reporter.task("Opening the warehouse", unit=""):
            warehouse = open_warehouse()
        yield warehouse


def _instance_variables(warehouse: Warehouse) -> dict[str, str]:
    from orchestration.instance import configure_instance

    return configure_instance(warehouse)


def _loaded_runner() -> JobRunner:
    from orchestration.jobs import JobRunner

    return JobRunner()


def relative(path: object) -> str:
    """Shows a path relative to the folder that the command was started in, where it is below it."""
    text = os.fspath(path)  # type: ignore[call-overload]  # every caller passes a path
    shown = os.path.relpath(text)
    return text if shown.startswith("..") else shown


__all__ = ["console", "opened", "relative", "working"]
