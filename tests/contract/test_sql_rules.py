"""The rules of every SQL file of the dbt project, read as text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

MODELS = "dbt_project/models/"
MACROS = "dbt_project/macros/"
ROUNDING_MACRO = "dbt_project/macros/types/to_minor_units.sql"
LONGEST_MODEL = 150
GRAIN = re.compile(r"^-- grain: one row (per [a-z].*|for everything|in all)$|^-- grain: one row$")

NEVER = {
    "binary fractions": r"\b(?:float[48]?|real|double\s+precision|money)\b",
    "the clock": r"\b(?:now|(?:clock|statement|transaction)_timestamp|timeofday)\s*\("
    r"|\b(?:current_date|current_time|current_timestamp|localtime|localtimestamp)\b"
    r"|'(?:now|today|yesterday|tomorrow)'",
    "chance": r"\b(?:random|random_normal|gen_random_uuid|uuidv4|uuidv7|uuid_generate_v4)\s*\(",
    "merge": r"\bmerge\s+into\b",
    "create table as": r"\bcreate\s+(?:(?:local|global|temp|temporary|unlogged)\s+)*table\b"
    r"(?:(?!;|\().)*?\bas\b",
    "temporary tables": r"\bcreate\s+(?:local\s+|global\s+)?temp",
    "grouping sets": r"\bgrouping\s+sets\b|\b(?:cube|rollup)\s*\(",
    "varchar": r"\b(?:varchar|character\s+varying|char|bpchar)\b(?:\s*\()?",
    "recursion": r"\bwith\s+recursive\b",
}
# what a month uses of a grant depends on the month before (docs/decisions/0050), what a discount
# takes on the one before (docs/decisions/0046)
ALLOWED = {
    "recursion": (
        "dbt_project/models/intermediate/invoicing/int_credit_applications_drafted.sql",
        "dbt_project/models/intermediate/invoicing/int_discounts_allocated.sql",
    )
}
ROUNDINGS = r"(?<![a-z_.])(?:round|trunc|ceil|ceiling|floor)\s*\("
COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/|\{#.*?#\}", re.DOTALL)
MACRO = re.compile(r"\{%-?\s*(?:macro\s+(\w+)|materialization\s+(\w+)|test\s+(\w+))")


def without_comments(text: str) -> str:
    """Returns the text with every comment blanked out, line by line."""
    return COMMENTS.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def forbidden_word_faults(path: str, text: str) -> Iterator[str]:
    code = without_comments(text)
    for what, pattern in NEVER.items():
        if path in ALLOWED.get(what, ()):
            continue
        for found in re.finditer(pattern, code, re.IGNORECASE | re.DOTALL):
            yield f"{path}:{line_of(code, found.start())}: {what}: {found.group()}"


def rounding_faults(path: str, text: str) -> Iterator[str]:
    if path == ROUNDING_MACRO:
        return
    code = without_comments(text)
    for found in re.finditer(ROUNDINGS, code, re.IGNORECASE):
        yield f"{path}:{line_of(code, found.start())}: rounds: {found.group()}"


def shape_faults(path: str, text: str) -> Iterator[str]:
    lines = text.splitlines()
    if not path.startswith(MODELS):
        return
    if not lines or not GRAIN.match(lines[0]):
        yield f"{path}:1: the first line is not '-- grain: one row per ...'"
    if len(lines) > LONGEST_MODEL:
        yield f"{path}: {len(lines)} lines, at most {LONGEST_MODEL}"
    if re.search(r"\bgroup\s+by\s+[0-9]", without_comments(text), re.IGNORECASE):
        yield f"{path}: groups by position"
    for star in re.finditer(r"\*\s+from\s+\{\{", without_comments(text)):
        yield f"{path}:{line_of(text, star.start())}: takes every column of another table"


def query_at_compile_time_faults(path: str, text: str) -> Iterator[str]:
    if path.startswith(MODELS):
        for found in re.finditer(
            r"\b(run_query|get_single_value|statement|is_incremental)\(", text
        ):
            yield f"{path}:{line_of(text, found.start())}: {found.group(1)} in a model"


def macro_name_faults(path: str, text: str) -> Iterator[str]:
    if not path.startswith(MACROS):
        return
    names = [next(filter(None, groups)) for groups in MACRO.findall(without_comments(text))]
    if names != [Path(path).stem]:
        yield f"{path}: holds {', '.join(names) or 'nothing'}, and is named {Path(path).stem}"


RULES = [
    forbidden_word_faults,
    rounding_faults,
    shape_faults,
    query_at_compile_time_faults,
    macro_name_faults,
]
Rule = Callable[[str, str], Iterator[str]]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_sql_keeps_the_rule(read: Callable[..., dict[str, str]], rule: Rule) -> None:
    files = {p: t for p, t in read(".sql").items() if p.startswith("dbt_project/")}
    assert [fault for path, text in files.items() for fault in rule(path, text)] == []


MODEL = "dbt_project/models/marts/usage/fct_x.sql"
GOOD_MODEL = """-- grain: one row per customer_id and event_id
with

events as (

    -- no round(), no now(): comments may name what code may not
    select
        customer_id,
        date_trunc('month', occurred_at at time zone 'UTC')::date as month_start
    from {{ ref('stg_usage__events') }}

)

select * from events
"""


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_model_is_left_alone(rule: Rule) -> None:
    assert list(rule(MODEL, GOOD_MODEL)) == []


@pytest.mark.parametrize(
    "code",
    [
        "quantity::float",
        "quantity::float8",
        "cast(quantity as real)",
        "quantity::double precision",
        "occurred_at < now()",
        "current_date",
        "CURRENT_TIMESTAMP",
        "timestamptz 'today'",
        "random()",
        "gen_random_uuid()",
        "merge into x using y",
        "create table x as select 1",
        "create unlogged table {{ this }} as (select 1)",
        "create temporary table x (a int)",
        "group by grouping sets (a)",
        "group by rollup (a)",
        "customer_id::varchar",
        "cast(a as character varying(10))",
        "with recursive x as (select 1)",
    ],
)
def test_a_forbidden_word_is_found(code: str) -> None:
    assert list(forbidden_word_faults(MODEL, code)) != []


@pytest.mark.parametrize("code", ["create table x (a integer)", "floating", "merged_at", "realm"])
def test_a_harmless_word_is_left_alone(code: str) -> None:
    assert list(forbidden_word_faults(MODEL, code)) == []


@pytest.mark.parametrize("code", ["round(a, 2)", "trunc(a)", "ceil(a)", "floor (a)", "ROUND(a)"])
def test_a_second_rounding_is_found(code: str) -> None:
    assert list(rounding_faults(MODEL, code)) != []
    assert list(rounding_faults(ROUNDING_MACRO, code)) == []


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "-- one row per customer\nselect 1",
        GOOD_MODEL + "\n" * 150,
        GOOD_MODEL.replace("    from {{", "    group by 1\n    from {{"),
        GOOD_MODEL.replace("as month_start", "as month_start, *"),
    ],
)
def test_a_model_out_of_shape_is_found(text: str) -> None:
    assert list(shape_faults(MODEL, text)) != []


def test_a_query_at_compile_time_is_found() -> None:
    assert list(query_at_compile_time_faults(MODEL, "{% set x = run_query('select 1') %}")) != []


def test_a_macro_under_another_name_is_found() -> None:
    macro = "{% macro other() %}1{% endmacro %}"
    assert list(macro_name_faults("dbt_project/macros/types/one.sql", macro)) != []
    both = macro.replace("other", "one") + macro
    assert list(macro_name_faults("dbt_project/macros/types/one.sql", both)) != []
    assert list(macro_name_faults("dbt_project/macros/types/other.sql", macro)) == []
