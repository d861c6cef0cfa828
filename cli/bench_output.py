"""How the figures of the benchmark of closing are shown."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from cli.display import console


def print_close(figures: dict[str, Any]) -> None:
    """Prints what rating, drafting, closing and late usage cost.

    Args:
        figures: What `measure_close` returned.
    """
    smaller, late = figures["smaller"], figures["late_batch"]
    table = Table(
        title=f"{figures['customers']:,} customers, {figures['lines']:,} lines, "
        f"{figures['events']:,} events",
        title_justify="left",
    )
    for name in ("stage", "seconds", f"of {smaller['customers']:,} customers", "ratio"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    for title, name, ratio in (
        ("rate and draft", "rate_and_draft_s", "ratio_of_rate_and_draft"),
        ("close", "close_s", "ratio_of_close"),
    ):
        table.add_row(
            title, f"{figures[name]:.1f}", f"{smaller[name]:.1f}", f"{figures[ratio]:.1f}"
        )
    table.add_row("late events to corrected drafts", f"{late['seconds']:.1f}", "", "")
    console.print(table)
    console.print(
        f"{figures['ratio_of_customers']:g} times the customers cost so many times the seconds. "
        f"The late batch: {late['events']:,} events of three closed months; "
        f"{late['land_s']:.1f} s to land, {late['build_s']:.1f} s to build, "
        f"{late['draft_s']:.1f} s to compute every draft."
    )
    if "profile" in figures:
        nodes = Table(title="Models that rate", title_justify="left")
        nodes.add_column("model")
        nodes.add_column("seconds", justify="right")
        for name, seconds in sorted(figures["profile"]["nodes"].items(), key=lambda n: -n[1]):
            nodes.add_row(name, f"{seconds:.2f}")
        console.print(nodes)
