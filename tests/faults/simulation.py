"""A seeded simulator: commands, faults among them, recovery, and what must hold after each.

The same random numbers give the same steps; how far a process gets before it is killed at a moment
is up to the machine, so a failure replays by its seed, though not to the microsecond.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.dbt_company import ENTITY
from tests.dbt_harness import read_as_admin
from tests.dumps import ADMITTED, AGGREGATED, CLOSED, dump
from tests.faults.catalogs import write_catalog
from tests.faults.commands import KILLED, Commands, Running
from tests.faults.usage import BAD_LINES, make_event, split_lines
from tests.integration.test_dbt_recovery import BUILD_POINTS as ADMISSION_POINTS
from tests.integration.test_dbt_recovery import CLOSE_POINTS
from tests.integration.test_load_recovery import CRASH_POINTS as LOAD_POINTS
from warehouse import Warehouse
from warehouse.server import EmbeddedServer

RATING_POINTS = (
    "int_segments_measured.before_commit",
    "int_charges_rated.before_commit",
    "int_subscription_months_split.before_commit",
    "int_usage_cells_priced.before_commit",
    "int_usage_events_cut.before_commit",
    "int_charge_tiers_rated.before_commit",
    "int_spend_limited.before_commit",
    "int_lines_agreed.before_commit",
    "int_discounts_scheduled.before_commit",
    "int_discounts_allocated.before_commit",
)
BUILD_POINTS = (*ADMISSION_POINTS, *RATING_POINTS)
CATALOG_POINTS = ("catalog.after_open", "catalog.after_landing", "catalog.before_commit")
MONTHS = ("2026-08-01", "2026-09-01")
CLOSED_AT = "2026-10-20T00:00:00+00:00"
UNEVEN = """
    select 'deliveries without a fate, or with two' as fault, sum(received_count)
        - (select count(*) from marts.fct_usage_events) - (select count(*) from ops.event_fates)
    from ops.loads
    where state = 'landed' and load_id in (
        select load_id from ops.applied_loads where model_name = 'fct_usage_events'
    )
    having sum(received_count) <> (select count(*) from marts.fct_usage_events)
        + (select count(*) from ops.event_fates)
    union all
    select 'events that were accepted twice', count(*) from (
        select 1 from marts.fct_usage_events group by customer_id, event_id having count(*) > 1
    ) as twice having count(*) > 0
    union all
    select 'hours of ' || meter_id || ' are not the facts', sum(counted) from (
        select meters.meter_id, 1 as counted
        from marts.fct_usage_events as facts
        inner join (values ('calls', 'call'), ('bytes', 'call'), ('jobs', 'job'), ('peak', 'level'))
            as meters (meter_id, event_type) on facts.event_type = meters.event_type
        where facts.load_id in (
            select load_id from ops.applied_loads where model_name = 'agg_usage_hourly/calls'
        )
        union all
        select meter_id, -event_count from marts.agg_usage_hourly
    ) as both_sides group by meter_id having sum(counted) <> 0
    union all
    select 'invoices that are not the sum of their lines', count(*) from (
        select 1 from marts.fct_invoices as invoices
        left join marts.fct_invoice_lines as lines on invoices.invoice_key = lines.invoice_key
        group by invoices.invoice_key, invoices.total_minor
        having invoices.total_minor <> coalesce(sum(lines.amount_minor), 0)
    ) as wrong having count(*) > 0
"""


class DiscrepancyError(AssertionError):
    """Something that must hold does not."""


@dataclass
class Simulation:
    """One warehouse and what happens to it.

    Attributes:
        random: The random numbers that decide what happens.
        commands: Starts the processes.
        warehouse: The warehouse, with its catalog and no usage.
        server: Its server, which nobody else uses.
        folder: Where files of usage are written.
        counts: What has happened so far, by word.
        files: Every file that was given so far.
    """

    random: random.Random
    commands: Commands
    warehouse: Warehouse
    server: EmbeddedServer
    folder: Path
    counts: Counter[str] = field(default_factory=Counter)
    files: list[Path] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _closed: dict[str, str] = field(default_factory=dict)
    _months_closed: int = 0
    _catalogs: int = 0
    _faults: list[Callable[[str, list[object], tuple[str, ...]], str]] = field(default_factory=list)

    def step(self) -> str:
        """Does one thing, with or without a fault, recovers, and checks what must hold.

        Returns:
            What was done, in words.
        """
        action, arguments, points = self.random.choices(
            [self._load(), self._build(), self._close(), self._catalog()], [6, 5, 1, 1]
        )[0]()
        if not self._faults:  # each kind of fault comes once before one comes again
            self._faults = [self._nothing, self._kill_at_point, self._kill_at_moment]
            self._faults += [self._crash_server, self._twice]
            self.random.shuffle(self._faults)
        words = self._faults.pop()(action, arguments, points)
        self.commands.run(action, self.warehouse, *arguments)
        self.counts["steps"] += 1
        self.check()
        return f"{action}: {words}"

    def check(self) -> None:
        """Checks what must hold at any time.

        Raises:
            DiscrepancyError: It does not.
        """
        self.counts["checks"] += 1
        if found := read_as_admin(self.warehouse, UNEVEN):
            raise DiscrepancyError(f"what must be even is not: {found}")
        closed = dump(self.warehouse, CLOSED)
        for name, before in self._closed.items():
            lost = set(before.splitlines()) - set(closed[name].splitlines())
            if lost and name != "series":
                raise DiscrepancyError(f"closed {name} changed: {sorted(lost)[:3]}")
        self._closed = closed

    def finish(self, in_order: Warehouse) -> None:
        """Builds all that is left, and compares with a run of the same files where nothing happens.

        Args:
            in_order: Another warehouse with the catalog and no usage.

        Raises:
            DiscrepancyError: They do not hold the same.
        """
        self.commands.run("build", self.warehouse)
        self.check()
        if self.files:
            self.commands.run("load", in_order, *self.files)
        self.commands.run("build", in_order)
        queries = {**ADMITTED, **AGGREGATED}
        found, wanted = dump(self.warehouse, queries), dump(in_order, queries)
        for name in queries:
            if found[name] != wanted[name]:
                raise DiscrepancyError(f"{name} differ: {_first_difference(found, wanted, name)}")

    def _load(self) -> Callable[[], tuple[str, list[object], tuple[str, ...]]]:
        def choose() -> tuple[str, list[object], tuple[str, ...]]:
            number = len(self.files)
            events = self.random.randrange(20, 400)
            fresh = [make_event(self.random, f"s{number}_{n}") for n in range(events)]
            again = self.random.choices(self._lines or fresh, k=events // 10)
            lines = fresh + again + self.random.choices(BAD_LINES, k=2)
            self.random.shuffle(lines)
            self._lines += fresh
            self.counts["events"] += len(lines)
            files = self.random.randrange(1, 4)
            new = split_lines(self.folder, lines, files=files, name=f"step{number:06}")
            self.files += new
            return "load", [*new, *self.random.sample(self.files, 1)], LOAD_POINTS

        return choose

    def _build(self) -> Callable[[], tuple[str, list[object], tuple[str, ...]]]:
        return lambda: ("build", [], BUILD_POINTS)

    def _close(self) -> Callable[[], tuple[str, list[object], tuple[str, ...]]]:
        def choose() -> tuple[str, list[object], tuple[str, ...]]:
            if self.files:
                self.commands.run("build", self.warehouse)
            if not self.files or self.counts["steps"] < 5:
                return "build", [], BUILD_POINTS
            month = MONTHS[min(self._months_closed, len(MONTHS) - 1)]
            self._months_closed += 1
            return "close", [ENTITY, month, CLOSED_AT], CLOSE_POINTS

        return choose

    def _catalog(self) -> Callable[[], tuple[str, list[object], tuple[str, ...]]]:
        def choose() -> tuple[str, list[object], tuple[str, ...]]:
            self._catalogs += 1
            folder = write_catalog(self.folder / f"catalog_{self._catalogs}", self._catalogs)
            return "catalog", [folder], CATALOG_POINTS

        return choose

    def _nothing(self, action: str, arguments: list[object], points: tuple[str, ...]) -> str:
        return "undisturbed"

    def _kill_at_point(self, action: str, arguments: list[object], points: tuple[str, ...]) -> str:
        point = self.random.choice(points)
        if action in ("load", "catalog"):
            ended = self.commands.run(action, self.warehouse, *arguments, crash_at=point, code=None)
            killed = ended.code == KILLED
            if ended.code not in (KILLED, 0):
                raise DiscrepancyError(f"{action} ended with {ended.code}: {ended.output}")
        else:
            killed = self.commands.kill_within_sql(
                action, self.warehouse, *arguments, crash_at=point
            )
        self.counts["kills"] += killed
        return f"killed at {point}" if killed else f"did not come to {point}"

    def _kill_at_moment(self, action: str, arguments: list[object], points: tuple[str, ...]) -> str:
        running = self._start(action, arguments)
        time.sleep(self.random.uniform(0, 1))
        if running.is_over:
            return "over before it was killed"
        running.kill()
        self.counts["kills"] += 1
        return "killed at a moment"

    def _crash_server(self, action: str, arguments: list[object], points: tuple[str, ...]) -> str:
        running = self._start(action, arguments)
        time.sleep(self.random.uniform(0, 1))
        self.server.stop(mode="immediate")
        self.server.ensure_running()
        self._wait(running, codes=(0, 1))
        self.counts["restarts"] += 1
        return "the server crashed"

    def _twice(self, action: str, arguments: list[object], points: tuple[str, ...]) -> str:
        refused = (0, 1) if action == "catalog" else (0,)  # a second catalog is refused at once
        for running in [self._start(action, arguments) for _ in range(2)]:
            self._wait(running, codes=refused)
        self.counts["pairs"] += 1
        return "two at once"

    def _start(self, action: str, arguments: list[object]) -> Running:
        return self.commands.start(action, self.warehouse, *arguments)

    def _wait(self, running: Running, *, codes: tuple[int, ...]) -> None:
        ended = running.wait()
        if ended.code not in codes:
            raise DiscrepancyError(f"{ended.action} ended with {ended.code}: {ended.output}")


def _first_difference(found: dict[str, str], wanted: dict[str, str], name: str) -> str:
    pairs = zip(found[name].splitlines(), wanted[name].splitlines(), strict=False)
    return next((f"{a} instead of {b}" for a, b in pairs if a != b), "one has more lines")
