"""Properties land in one spelling: texts are equal exactly where Postgres' jsonb is."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from ingestion.texts import parse_properties
from warehouse import Role, Warehouse

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=6)
NUMBERS = st.from_regex(
    r"-?(0|[1-9][0-9]{0,25})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?", fullmatch=True
)
SCALARS = TEXTS.map(json.dumps) | NUMBERS | st.sampled_from(["true", "false", "null"])


def objects(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    members = st.dictionaries(TEXTS, values, max_size=5)
    return members.map(
        lambda found: "{" + ",".join(f"{json.dumps(k)} :{v}" for k, v in found.items()) + "}"
    )


VALUES = st.recursive(
    SCALARS,
    lambda inner: objects(inner) | st.lists(inner, max_size=3).map(lambda v: f"[{','.join(v)}]"),
    max_leaves=6,
)


def test_one_value_has_one_spelling(warehouse: Warehouse) -> None:
    found: dict[str, object] = {}

    @settings(max_examples=400, deadline=None, database=None)
    @given(objects(VALUES) | objects(SCALARS))
    def collect(source: str) -> None:
        found[source] = parse_properties(source)

    collect()
    query = text(
        "select source, source::jsonb::text, spelled::jsonb = source::jsonb"
        " from unnest(:sources, :spelled) as given (source, spelled)"
    )
    with warehouse.engine(Role.LOADER).connect() as connection:
        values = {"sources": list(found), "spelled": list(found.values())}
        rows = connection.execute(query, values).all()
    assert len(rows) > 100
    assert all(is_equal for _, _, is_equal in rows)
    # another spelling of the same value, Postgres' own, ends as the same text
    assert [found[source] for source, _, _ in rows] == [parse_properties(row[1]) for row in rows]


def test_equal_properties_are_equal_texts() -> None:
    spellings = ('{"b":1e2,"a":"\\u0041"}', '{ "a" : "A", "b": 100.0 }')
    assert len({parse_properties(spelling) for spelling in spellings}) == 1
