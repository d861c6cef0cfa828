"""How the quarantine is shown on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from cli.display import console

if TYPE_CHECKING:
    from ingestion.quarantine.conflicts import Conflict
    from ingestion.quarantine.deliveries import HeldDelivery, ReasonCounts
    from ingestion.quarantine.replaying import ReplayReport

SHOWN_DETAIL = 60


def print_list(
    counts: Sequence[ReasonCounts], found: Sequence[HeldDelivery], *, first: int
) -> None:
    """Prints counts by reason, then deliveries.

    Args:
        counts: Counts by reason.
        found: One page of deliveries.
        first: How many come before the page.
    """
    if not counts:
        console.print("Nothing is in quarantine that fits.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("reason")
    for title in ("open", "replayed", "discarded", "customers"):
        table.add_column(title, justify="right")
    table.add_column("oldest open")
    for row in counts:
        states = [f"{row.counts[state]:,}" for state in ("open", "replayed", "discarded")]
        oldest = f"{row.oldest_open_at:%Y-%m-%d %H:%M}" if row.oldest_open_at else ""
        table.add_row(row.reason, *states, f"{row.customer_count:,}", oldest)
    console.print(table)
    for item in found:
        place = f"{item.file_name or item.source}:{item.line_number}"
        state = "" if item.state == "open" else f" [bold]{item.state}[/]"
        console.print(
            f"{escape(str(item.key))}{state}  {item.reason}: "
            f"{escape(_cut(item.detail))}  [dim]{escape(place)}  "
            f"{escape(_cut(item.customer_id or ''))} {escape(_cut(item.event_id or ''))}[/]",
            soft_wrap=True,
        )
    total = sum(sum(row.counts.values()) for row in counts)
    if found and total > len(found):
        console.print(
            f"[dim]{first + 1:,} to {first + len(found):,} of {total:,}; --page, --limit[/]"
        )


def print_held(delivery: HeldDelivery, conflict: Conflict | None) -> None:
    """Prints one delivery with its text.

    Args:
        delivery: The delivery.
        conflict: Both payloads, where it conflicts with an accepted event.
    """
    facts = {
        "delivery": str(delivery.key),
        "state": delivery.state,
        "reason": f"{delivery.reason}: {delivery.detail}",
        "door": f"{delivery.source}, mapping {delivery.mapping_name}",
        "place": f"{delivery.file_name or 'unknown'}, line {delivery.line_number}",
        "landed": f"{delivery.landed_at:%Y-%m-%d %H:%M:%S} UTC",
        "customer": delivery.customer_id or "",
        "event": delivery.event_id or "",
        "decided": f"by {delivery.who}: {delivery.why}" if delivery.who else "",
        "came again as": str(delivery.replay_key or ""),
    }
    for name, value in facts.items():
        if value:
            console.print(f"{name:<14} {escape(value)}", soft_wrap=True)
    if conflict is not None:
        print_conflict(conflict)
    console.print("[bold]Text[/]")
    console.print(escape(delivery.raw_text), soft_wrap=True)


def print_conflict(conflict: Conflict) -> None:
    """Prints both payloads, field by field.

    Args:
        conflict: The payloads.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("field")
    table.add_column(f"accepted first, {escape(str(conflict.first_key))}", overflow="fold")
    table.add_column("this one", overflow="fold")
    for name, value in conflict.first.items():
        mark = "[bold]≠[/] " if name in conflict.differing else "  "
        table.add_row(f"{mark}{name}", escape(value), escape(conflict.later[name]))
    console.print(table)


def print_replay(report: ReplayReport, *, dry_run: bool) -> None:
    """Prints what a replay did, or would do.

    Args:
        report: What it did.
        dry_run: Whether it did nothing yet.
    """
    if not report.examined_count:
        console.print("No open delivery fits: nothing to replay.")
        return
    verb = "would be admitted now" if dry_run else "delivered again"
    duplicates = report.counts["duplicate"]
    said = f", {duplicates:,} of them as duplicates" if duplicates else ""
    console.print(f"{report.admitted_count:,} of {report.examined_count:,} {verb}{said}.")
    for item in report.admitted if dry_run else ():
        console.print(f"  [green]✓[/] {escape(str(item.candidate.held.key))}", soft_wrap=True)
    stays = {key: n for key, n in report.counts.items() if key not in ("accepted", "duplicate")}
    for reason, count in sorted(stays.items()):
        console.print(f"  {count:,} stay: {reason.replace('_', ' ')}")
    for item in report.refused:
        console.print(
            f"  [dim]{escape(str(item.candidate.held.key))}  {escape(item.detail)}[/]",
            soft_wrap=True,
        )
    if report.load_ids:
        loads = ", ".join(map(str, report.load_ids))
        console.print(f"They are load {loads}; ./meterhouse build admits them.")


def _cut(written: str) -> str:
    return written if len(written) <= SHOWN_DETAIL else f"{written[:SHOWN_DETAIL]}…"
