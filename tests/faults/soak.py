"""The long run of the simulator; `./meterhouse soak` starts it.

It lives with the tests because it is one: it needs their company, their dumps and their processes,
none of which belong into what runs in production.
"""

from __future__ import annotations

import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from tests.conftest import ROLE_SECRET
from tests.faults.catalogs import write_catalog
from tests.faults.commands import Commands
from tests.faults.simulation import Simulation
from warehouse import Warehouse, WarehouseSettings, open_warehouse
from warehouse.server import ADMIN_USER, EmbeddedServer

WORDS = ("steps", "kills", "restarts", "pairs", "events", "checks")


def soak(*, minutes: int, seed: int) -> int:
    """Simulates for some minutes, showing what happens.

    Args:
        minutes: How long, about.
        seed: What decides everything that happens.

    Returns:
        The exit code: 0, or 1 when something did not hold.
    """
    console = Console()
    counts: Counter[str] = Counter()
    last = "making two warehouses"
    try:
        with prepared() as (simulation, in_order), shown(console, minutes) as show:
            simulation.random = random.Random(seed)
            counts = simulation.counts
            end = time.monotonic() + 60 * minutes
            while time.monotonic() < end:
                show(counts, last)
                last = simulation.step()
            last = "comparing with a run in order"
            show(counts, last)
            simulation.finish(in_order)
    except Exception as error:
        console.print(f"[bold red]Failed[/] after {words_of(counts)}; last: {last}", soft_wrap=True)
        console.print(str(error)[-4000:], markup=False, soft_wrap=True)
        console.print(f"Replay with: ./meterhouse soak --minutes {minutes} --seed {seed}")
        return 1
    console.print(
        f"[bold green]Nothing lost, nothing doubled[/] in {words_of(counts)}; seed {seed}."
    )
    return 0


@contextmanager
def prepared() -> Iterator[tuple[Simulation, Warehouse]]:
    """Makes a server, a warehouse to be shaken and one to compare it with; all goes in the end."""
    folder = Path(tempfile.mkdtemp(prefix="meterhouse-soak-"))
    folder.chmod(0o755)
    server = EmbeddedServer(home=folder / "postgres")
    try:
        commands = Commands(folder)
        made = [make_warehouse(server, folder, name) for name in ("shaken", "in_order")]
        commands.parse_project(made[0])
        for warehouse in made:
            commands.run("deploy", warehouse)
            commands.run("catalog", warehouse, write_catalog(folder / "catalog", 0))
        files = folder / "usage"
        yield Simulation(random.Random(), commands, made[0], server, files), made[1]
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def make_warehouse(server: EmbeddedServer, folder: Path, name: str) -> Warehouse:
    """Makes an empty warehouse."""
    address = f"postgresql://{ADMIN_USER}:{server.admin_password}@127.0.0.1"
    return open_warehouse(
        WarehouseSettings(
            state_dir=folder / name,
            database_url=f"{address}:{server.ensure_running()}/{name}",
            role_secret=ROLE_SECRET,
        )
    )


@contextmanager
def shown(console: Console, minutes: int) -> Iterator[object]:
    """Shows how far it is and what has happened; without a terminal, a line every minute."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    began = time.monotonic()
    lines = 0
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("soaking", total=60 * minutes)

        def show(counts: Counter[str], last: str) -> None:
            nonlocal lines
            passed = time.monotonic() - began
            progress.update(task, completed=passed, description=f"{words_of(counts)} ({last})")
            if not console.is_terminal and passed >= 60 * lines:
                lines += 1
                console.print(f"{int(passed)} s: {words_of(counts)} ({last})", soft_wrap=True)

        yield show


def words_of(counts: Counter[str]) -> str:
    """Says what has happened so far."""
    return ", ".join(f"{counts[word]:,} {word}" for word in WORDS)


if __name__ == "__main__":
    sys.exit(soak(minutes=int(sys.argv[1]), seed=int(sys.argv[2])))
