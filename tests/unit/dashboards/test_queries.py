"""Every question that the pages ask is one SELECT on one reporting view."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from dashboards import credit_notes, invoice_queries, quarantine_queries, queries, usage_queries

RELATION = re.compile(r"\b(?:from|join)\s+([a-z_]+(?:\.[a-z_]+)?)")
LOCAL_NAMES = {"filtered", "ranked", "shown"}
WRITES = re.compile(r"\b(insert|update|delete|truncate|create|drop|alter|grant|call|do)\b")
SELECT_START = re.compile(r"^\s*(select|with)\b")


def statements(module: ModuleType) -> list[tuple[str, str]]:
    return [
        (f"{module.__name__}.{name}", value)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str) and SELECT_START.match(value)
    ]


ALL = [
    statement
    for module in (queries, usage_queries, invoice_queries, quarantine_queries, credit_notes)
    for statement in statements(module)
]


def view_faults(statement: str) -> set[str]:
    """Returns what a statement reads that is not its one reporting view."""
    relations = set(RELATION.findall(statement)) - LOCAL_NAMES
    views = {relation for relation in relations if relation.startswith("reporting.rpt_")}
    faults = relations - views
    return faults if len(views) == 1 else faults | {f"{len(views)} views"}


def test_there_are_statements_to_check() -> None:
    assert len(ALL) >= 15


@pytest.mark.parametrize(("name", "statement"), ALL, ids=[name for name, _ in ALL])
def test_a_statement_reads_one_reporting_view(name: str, statement: str) -> None:
    assert view_faults(statement) == set(), name
    assert not WRITES.search(statement), name
    assert ";" not in statement, name


@pytest.mark.parametrize(
    "statement",
    [
        "select a from marts.fct_invoices",
        "select a from reporting.rpt_a inner join reporting.rpt_b on true",
        "select a from reporting.rpt_a inner join ops.loads on true",
        "select 1",
    ],
)
def test_a_statement_on_anything_else_is_found(statement: str) -> None:
    assert view_faults(statement) != set()


def test_every_cached_loader_takes_the_data_version_first() -> None:
    for module in (queries, usage_queries, invoice_queries, credit_notes):
        for name, function in vars(module).items():
            if name.startswith("load_") and function.__module__ == module.__name__:
                first = function.__wrapped__.__code__.co_varnames[0]
                assert first == ("source" if name == "load_freshness" else "version"), name
