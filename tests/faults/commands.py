"""Starts actions in processes of their own, waits for them, kills them at a moment or a place."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import create_engine, text

from tests.faults import actions
from warehouse import Warehouse
from warehouse.crash_points import CRASH_VARIABLE

PROJECT_ROOT = Path(__file__).resolve().parents[2]
KILLED = -9
SECONDS = 120
_REACHED = """
    select pid from pg_stat_activity
    where query like :mark and datname = current_database() and pid <> pg_backend_pid()
"""


@dataclass(frozen=True)
class Ended:
    """How a process ended: 0 done, 1 refused with a reason, 70 a stack trace, -9 killed."""

    action: str
    code: int
    output: str


class Running:
    """An action that runs in a process of its own."""

    def __init__(self, action: str, process: multiprocessing.process.BaseProcess, output: Path):
        self.action = action
        self._process = process
        self._output = output

    @property
    def is_over(self) -> bool:
        return not self._process.is_alive()

    @property
    def output(self) -> str:
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    def kill(self) -> Ended:
        """Kills it with SIGKILL, wherever it is."""
        self._process.kill()
        return self.wait()

    def wait(self, seconds: int = SECONDS) -> Ended:
        """Waits for its end; one that hangs is killed, and that is a failure."""
        self._process.join(seconds)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
            raise AssertionError(f"{self.action} hangs after {seconds} s:\n{self.output[-3000:]}")
        assert self._process.exitcode is not None
        return Ended(self.action, self._process.exitcode, self.output)


class Commands:
    """Starts processes that work on warehouses.

    Args:
        folder: Where they say what they do.
    """

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("PYTHONPATH", str(PROJECT_ROOT))
        self._folder = folder
        self._numbers = itertools.count(1)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([actions.__name__])
        self._manifest = folder / "manifest.json"

    def parse_project(self, warehouse: Warehouse) -> None:
        """Parses the dbt project, once for all processes that follow."""
        self.run("parse", warehouse, str(self._manifest))

    def start(
        self,
        action: str,
        warehouse: Warehouse,
        *arguments: object,
        crash_at: str = "",
        **environment: str,
    ) -> Running:
        """Starts an action."""
        output = self._folder / f"{next(self._numbers):05}_{action}.log"
        words = tuple(map(str, arguments))
        process = self._context.Process(
            target=actions.perform,
            args=(action, warehouse, words),
            kwargs={
                "output": output,
                "manifest": self._manifest,
                "environment": {**environment, CRASH_VARIABLE: crash_at},
            },
            daemon=True,
        )
        process.start()
        return Running(action, process, output)

    def run(
        self,
        action: str,
        warehouse: Warehouse,
        *arguments: object,
        crash_at: str = "",
        code: int | None = 0,
        **environment: str,
    ) -> Ended:
        """Runs an action to its end, which has to be `code` unless that is None."""
        running = self.start(action, warehouse, *arguments, crash_at=crash_at, **environment)
        ended = running.wait()
        assert code in (None, ended.code), f"{action} ended with {ended.code}:\n{ended.output}"
        return ended

    def kill_within_sql(
        self, action: str, warehouse: Warehouse, *arguments: object, crash_at: str
    ) -> bool:
        """Runs an action until its transaction stands at a crash point of SQL, and kills it there.

        Returns:
            Whether it got there; False when it ended before.
        """
        running = self.start(action, warehouse, *arguments, crash_at=crash_at)
        engine = create_engine(warehouse.admin_url, isolation_level="AUTOCOMMIT")
        try:
            with engine.connect() as connection:
                mark = {"mark": f"%crash_point:{crash_at} */%"}
                backends: list[int] = []
                while not backends and not running.is_over:
                    time.sleep(0.02)
                    backends = list(connection.execute(text(_REACHED), mark).scalars())
                if not backends:
                    return False
                running.kill()
                for pid in backends:  # the server would notice by itself, seconds later
                    connection.execute(
                        text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid}
                    )
                return True
        finally:
            engine.dispose()
