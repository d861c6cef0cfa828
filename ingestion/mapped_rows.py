"""Applies a mapping to batches of rows: text columns in, events and rejected rows out."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc

from ingestion.columns import ParsedColumn
from ingestion.contracts import Reason
from ingestion.mapped_times import parse_mapped_instants
from ingestion.mappings import EventTemplate, Expression, Mapping
from ingestion.quantities import parse_quantities
from ingestion.readers.rows import RowBatch
from ingestion.rejections import Rejection, quote_value
from ingestion.texts import parse_identities, parse_property_texts
from ingestion.validator import (
    FaultyRow,
    Origin,
    ParsedFields,
    Verdicts,
    build_rejected,
    judge_fields,
)

_TEXT = pa.string()
_ABSENT = pa.scalar(None, _TEXT)


def map_rows(batch: RowBatch, mapping: Mapping, *, origin: Origin) -> Verdicts:
    """Turns rows into events as a mapping says.

    Args:
        batch: The rows.
        mapping: The mapping.
        origin: Where they come from.

    Returns:
        The events, template by template, and the rejected rows.
    """
    if mapping.missing:
        batch = _drop_missing(batch, mapping.missing)
    faulty = [FaultyRow(item.line_number, None, item.rejection, item.raw) for item in batch.faults]
    tables = []
    is_matched = pa.array([False] * len(batch.line_numbers), pa.bool_())
    for number, template in enumerate(mapping.events, start=1):
        part = number if len(mapping.events) > 1 else None
        matches = _find_matches(batch, template)
        is_matched = pc.or_(is_matched, matches)
        rows = pc.indices_nonzero(matches)
        fields = _parse_template(batch, template, rows, decimal=mapping.csv.decimal)
        table, faults = judge_fields(fields, origin=origin, part=part)
        tables.append(table)
        source_rows = rows.to_pylist() if faults else []
        for row, fault in faults.items():
            line = fields.line_numbers[row].as_py()
            faulty.append(FaultyRow(line, part, fault, batch.raw(source_rows[row])))
    if mapping.unmatched == "reject":
        unmatched = Rejection(Reason.MALFORMED_ROW, "no event of the mapping matches this row")
        for row in pc.indices_nonzero(pc.invert(is_matched)).to_pylist():
            line = batch.line_numbers[row].as_py()
            faulty.append(FaultyRow(line, None, unmatched, batch.raw(row)))
    faulty.sort(key=lambda row: (row.line_number, row.part or 0))
    return Verdicts(pa.concat_tables(tables), build_rejected(faulty, origin=origin))


def _drop_missing(batch: RowBatch, missing: tuple[str, ...]) -> RowBatch:
    words = pa.array(missing, _TEXT)
    columns = {
        name: pc.if_else(pc.is_in(values, words), _ABSENT, values)
        for name, values in batch.columns.items()
    }
    return replace(batch, columns=columns)


def _find_matches(batch: RowBatch, template: EventTemplate) -> pa.Array:
    if template.when is None:
        return pa.array([True] * len(batch.line_numbers), pa.bool_())
    values = batch.columns[template.when.column]
    return pc.fill_null(pc.equal(values, template.when.equals), False)


def _parse_template(
    batch: RowBatch, template: EventTemplate, rows: pa.Array, *, decimal: str
) -> ParsedFields:
    columns = {name: values.take(rows) for name, values in batch.columns.items()}
    count = len(rows)

    def identities(name: str) -> ParsedColumn:
        texts = _evaluate(getattr(template, name), columns, count)
        return parse_identities(texts, field=name)

    quantity = _evaluate(template.quantity, columns, count)
    times = columns[template.occurred_at.column]
    return ParsedFields(
        line_numbers=batch.line_numbers.take(rows),
        customer_id=identities("customer_id"),
        event_id=identities("event_id"),
        event_type=identities("event_type"),
        occurred_at=parse_mapped_instants(times, template.occurred_at),
        quantity=_parse_comma_quantities(quantity)
        if decimal == ","
        else parse_quantities(quantity),
        properties=parse_property_texts(_build_properties(template, columns, count)),
    )


def _evaluate(expression: Expression, columns: dict[str, pa.Array], count: int) -> pa.Array:
    """Evaluates an expression for every row; null where it is absent."""
    if expression.constant is not None:
        return pa.repeat(pa.scalar(expression.constant, _TEXT), count)
    if expression.column is not None:
        return columns[expression.column]
    if expression.first_of is not None:
        return pc.coalesce(*(_hold_or_null(columns[name]) for name in expression.first_of))
    parts = [_evaluate(value, columns, count) for value in expression.join or ()]
    texts = [_hold_or_null(part) for part in parts]
    return pc.binary_join_element_wise(*texts, expression.separator, null_handling="emit_null")


def _hold_or_null(values: pa.Array) -> pa.Array:
    """Takes an empty text as absent."""
    return pc.if_else(pc.equal(values, ""), _ABSENT, values)


def _parse_comma_quantities(texts: pa.Array) -> ParsedColumn:
    """Reads quantities with a decimal comma; a point in them is no number."""
    parsed = parse_quantities(pc.replace_substring(texts, ",", "."))
    has_point = pc.indices_nonzero(pc.fill_null(pc.match_substring(texts, "."), False)).to_pylist()
    faults = {
        row: Rejection(
            Reason.NOT_A_NUMBER,
            f"quantity {quote_value(texts[row].as_py())} has a point, but the decimal is a comma",
        )
        for row in has_point
    }
    return ParsedColumn(parsed.values, {**parsed.faults, **faults})


def _build_properties(
    template: EventTemplate, columns: dict[str, pa.Array], count: int
) -> pa.Array:
    """Builds the JSON text of the properties: texts, in the order of the mapping."""
    if template.properties_json is not None:
        return _hold_or_null(columns[template.properties_json])
    if not template.properties:
        return pa.nulls(count, _TEXT)
    pairs = []
    for name, expression in template.properties.items():
        values = _hold_or_null(_evaluate(expression, columns, count))
        key = json.dumps(name, ensure_ascii=False)
        quoted = pc.binary_join_element_wise(f"{key}:", _quote_json(values), "")
        pairs.append(pc.coalesce(quoted, pa.scalar("")))
    joined = pairs[0]
    for pair in pairs[1:]:
        is_both = pc.and_(pc.not_equal(joined, ""), pc.not_equal(pair, ""))
        comma = pc.if_else(is_both, pa.scalar(","), pa.scalar(""))
        joined = pc.binary_join_element_wise(joined, comma, pair, "")
    return pc.binary_join_element_wise("{", joined, "}", "")


def _quote_json(values: pa.Array) -> pa.Array:
    """Writes texts as JSON strings, each different one once; null stays null."""
    encoded = values.dictionary_encode()
    texts = [json.dumps(text, ensure_ascii=False) for text in encoded.dictionary.to_pylist()]
    return pa.array(texts, _TEXT).take(encoded.indices)
