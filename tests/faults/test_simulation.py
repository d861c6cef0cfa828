"""A short run of the simulator: what `./meterhouse soak` does for as long as one likes."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.faults.commands import Commands
from tests.faults.simulation import Simulation
from warehouse import Warehouse
from warehouse.server import EmbeddedServer

STEPS = 5


def test_whatever_happens_what_must_hold_holds(
    commands: Commands,
    small_server: EmbeddedServer,
    small_company: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    seeded: random.Random,
    tmp_path: Path,
) -> None:
    warehouse, in_order = clone(small_company), clone(small_company)
    simulation = Simulation(seeded, commands, warehouse, small_server, tmp_path)
    for _ in range(STEPS):
        simulation.step()
    simulation.finish(in_order)
