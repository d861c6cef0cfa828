"""Mappings: columns and paths become events; a faulty mapping names the place and the remedy."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from ingestion.mappings import load_mapping
from ingestion.readers.streams import RefusedFileError
from ingestion.reading import read_file
from ingestion.validator import Origin
from warehouse.errors import MeterhouseError

MAPPINGS = Path(__file__).resolve().parents[3] / "examples" / "mappings"
ORIGIN = Origin(load_id=1, file_number=1, delivery_prefix="0123456789abcdef")
BASE = """\
name: sample
format: csv
events:
  - event_type: {constant: used}
    customer_id: customer
    event_id: {join: [customer, number], separator: "-"}
    occurred_at: at
    quantity: amount
    properties: {colour: colour}
"""


def apply(
    mapping_path: Path, *files: Path, batch_bytes: int = 1 << 20
) -> tuple[pa.Table, pa.Table]:
    mapping = load_mapping(mapping_path)
    events, rejected = [], []
    for file in files:
        for verdicts, _ in read_file(file, origin=ORIGIN, mapping=mapping, batch_bytes=batch_bytes):
            events.append(verdicts.events)
            rejected.append(verdicts.rejected)
    return pa.concat_tables(events), pa.concat_tables(rejected)


def write(folder: Path, mapping: str, name: str, data: str | bytes) -> tuple[Path, Path]:
    (folder / "mapping.yaml").write_text(mapping)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())
    return folder / "mapping.yaml", folder / name


def reasons(rejected: pa.Table) -> list[tuple[str, str]]:
    return [(row["delivery_id"][17:], row["reason"]) for row in rejected.to_pylist()]


def test_rows_become_events(tmp_path: Path) -> None:
    data = (
        "number,customer,at,amount,colour,unused\n"
        '1,a,2026-09-01T00:00:00Z,1.50,"r""ed",x\n'
        "2,,2026-09-01T00:00:00Z,1,red,x\n"
        "3,a,2026-09-01T00:00:00,1,red,x\n"
        "4,a,2026-09-01T00:00:00Z,,red,x\n"
        "5,a,2026-09-01T00:00:00Z,-2,,x\n"
        ",a,2026-09-01T00:00:00Z,1,red,x\n"
    )
    events, rejected = apply(*write(tmp_path, BASE, "a.csv", data))
    assert [row["event_id"] for row in events.to_pylist()] == ["a-1", "a-5"]
    assert events["quantity"].to_pylist() == [Decimal("1.5"), Decimal(-2)]
    assert events["properties"].to_pylist() == ['{"colour": "r\\"ed"}', "{}"]
    assert reasons(rejected) == [
        ("3", "missing_field"),
        ("4", "not_a_time"),
        ("5", "missing_field"),
        ("7", "missing_field"),
    ]


def test_separator_comma_encoding_and_missing(tmp_path: Path) -> None:
    mapping = BASE.replace(
        "format: csv",
        'format: csv\nmissing: [NA]\ncsv: {separator: ";", decimal: ",", encoding: latin-1}',
    )
    data = (
        "number;customer;at;amount;colour\n"
        "1;a;2026-09-01T00:00:00Z;1,25;bl\u00e5\n"
        "2;a;2026-09-01T00:00:00Z;1.25;x\n"
        "3;a;NA;1,25;x\n"
        "4;a;2026-09-01T00:00:00Z;1.000,25;x\n"
    ).encode("latin-1")
    events, rejected = apply(*write(tmp_path, mapping, "a.csv", data))
    assert events["quantity"].to_pylist() == [Decimal("1.25")]
    assert events["properties"].to_pylist() == ['{"colour": "bl\u00e5"}']
    assert reasons(rejected) == [
        ("3", "not_a_number"),
        ("4", "missing_field"),
        ("5", "not_a_number"),
    ]


def test_a_file_without_header(tmp_path: Path) -> None:
    mapping = BASE.replace(
        "format: csv", "format: csv\ncsv: {columns: [number, customer, at, amount, colour]}"
    )
    events, _ = apply(*write(tmp_path, mapping, "a.csv", "1,a,2026-09-01T00:00:00Z,1,red"))
    assert events["line_number"].to_pylist() == [1]


JSON_LINES = """\
{"number": 1, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": {"amount": 1.10}, "colour": true}
{"number": 2, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": {"amount": 12345678.123456789}}
{"number": 3, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": null}
{"number": 4, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": {"amount": [1]}}
{"number": 5, "number": 6, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": {"amount": 1}}
{"number": 7, "customer": "a\\u0000", "at": "2026-09-01T00:00:00Z", "in": {"amount": 1}}
{"number": 8, "customer": "a", "at": "2026-09-01T00:00:00Z", "in": {"amount": 1e400}}
[1]
nonsense
"""


def test_json_paths_keep_every_digit(tmp_path: Path) -> None:
    mapping = BASE.replace("format: csv", "format: jsonl").replace(": amount", ": in.amount")
    events, rejected = apply(*write(tmp_path, mapping, "a.jsonl", JSON_LINES))
    assert events["quantity"].to_pylist() == [Decimal("1.1"), Decimal("12345678.123456789")]
    assert events["properties"].to_pylist() == ['{"colour": "true"}', "{}"]
    assert reasons(rejected) == [
        ("3", "missing_field"),
        ("4", "malformed_row"),
        ("5", "duplicate_key"),
        ("6", "invalid_text"),
        ("7", "number_out_of_range"),
        ("8", "malformed_row"),
        ("9", "malformed_json"),
    ]


SEVERAL = """\
name: several
format: csv
events:
  - &event
    event_type: kind
    when: {column: kind, equals: a}
    customer_id: {first_of: [organisation, person]}
    event_id: number
    occurred_at: {column: at, unit: ms}
    quantity: {constant: "1"}
  - event_type: {constant: b}
    when: {column: kind, equals: b}
    customer_id: person
    event_id: number
    occurred_at: {column: at, unit: ms}
    quantity: {constant: "2.5"}
"""
SEVERAL_DATA = "number,kind,organisation,person,at\n1,a,o,p,0\n2,a,,p,1\n3,b,o,p,x\n4,c,o,p,0\n"


def test_one_row_may_give_several_events_or_none(tmp_path: Path) -> None:
    events, rejected = apply(*write(tmp_path, SEVERAL, "a.csv", SEVERAL_DATA))
    assert events["customer_id"].to_pylist() == ["o", "p"]
    assert [text[17:] for text in events["delivery_id"].to_pylist()] == ["2:1", "3:1"]
    assert reasons(rejected) == [("4:2", "not_a_time"), ("5", "malformed_row")]
    ignoring = SEVERAL.replace("events:", "unmatched: ignore\nevents:")
    _, rejected = apply(*write(tmp_path, ignoring, "a.csv", SEVERAL_DATA))
    assert reasons(rejected) == [("4:2", "not_a_time")]


def test_a_stray_quote_harms_no_neighbour(tmp_path: Path) -> None:
    rows = [f"{number},a,2026-09-01T00:00:00Z,1,red" for number in range(50)]
    rows[10] = '10,a,2026-09-01T00:00:00Z,1,"red'
    rows[20] = '20,a,2026-09-01T00:00:00Z,1,5" pipe'
    rows[30] = '30,a,2026-09-01T00:00:00Z,1" x,"red'
    rows[40] = "40,a,2026-09-01T00:00:00Z,1,re\rd"
    data = "number,customer,at,amount,colour\n" + "\n".join(rows)
    events, rejected = apply(*write(tmp_path, BASE, "a.csv", data))
    assert reasons(rejected) == [(str(line), "malformed_row") for line in (12, 32, 42)]
    assert events.num_rows == 47
    assert events["properties"].to_pylist().count('{"colour": "5\\" pipe"}') == 1


def test_a_row_goes_on_behind_a_line_break_inside_quotes(tmp_path: Path) -> None:
    head = "number,customer,at,amount,colour\n0,a,2026-09-01T00:00:00Z,1,red\n"
    row = '{},a,2026-09-01T00:00:00Z,{},"red\n\n""blue"", {}"\r\n2,a,2026-09-01T00:00:00Z,1,red\n'
    data = head + row.format(1, 1, "x") + row.format(3, "many", "y" * 5000) + '9,a,"open\n8\n'
    for batch_bytes in (1 << 20, 64):
        mapping, path = write(tmp_path, BASE, "a.csv", data)
        events, rejected = apply(mapping, path, batch_bytes=batch_bytes)
        assert events["line_number"].to_pylist() == [2, 3, 6, 10]
        assert json.loads(events["properties"][1].as_py())["colour"] == 'red\n\n"blue", x'
        assert [line for line, _ in reasons(rejected)] == ["7", "11", "12"]
        assert rejected["raw_text"][0].as_py().endswith('y"')


def test_a_quote_that_is_open_at_the_end_of_the_file_is_no_row(tmp_path: Path) -> None:
    data = 'number,customer,at,amount,colour\n1,a,2026-09-01T00:00:00Z,1,"red'
    assert reasons(apply(*write(tmp_path, BASE, "a.csv", data))[1]) == [("2", "malformed_row")]


FAULTS = {
    "quantity: amount": ("quantity: {constant: many}", "events.0", 4),
    "occurred_at: at": ("occurred_at: {column: at, zone: Mars/Base}", "events.0.occurred_at", 7),
    "  occurred_at: at\n": (
        "  occurred_at: {column: at, format: '%Y'}\n",
        "events.0.occurred_at",
        7,
    ),
    "customer_id: customer": (
        "customer_id: {join: [a], constant: b}",
        "events.0.customer_id",
        5,
    ),
    "    quantity: amount\n": ("", "events.0.quantity", 4),
    "format: csv": ("format: xls", "format", 2),
    "name: sample": ("name: Not a name", "name", 1),
    "    properties:": ("    propertys:", "events.0.propertys", 9),
    "format: csv\n": ("format: csv\nformat: csv\n", "format", 3),
    "    customer_id: customer\n": ("    customer_id: [\n", None, 7),
}


@pytest.mark.parametrize(("old", "new"), FAULTS.items())
def test_a_faulty_mapping_names_the_place(
    tmp_path: Path, old: str, new: tuple[str, str | None, int]
) -> None:
    text, field, line = new
    assert old in BASE
    path, _ = write(tmp_path, BASE.replace(old, text), "a.csv", "")
    with pytest.raises(MeterhouseError) as caught:
        load_mapping(path)
    problem = caught.value.problems[0]
    assert (problem.file, problem.field, problem.line) == (str(path), field, line)
    assert problem.remedy


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    path, file = write(tmp_path, BASE, "a.csv", "number,customer\n1,2\n")
    with pytest.raises(RefusedFileError, match="column amount is missing"):
        apply(path, file)


def sums(events: pa.Table) -> dict[str, int]:
    table = events.group_by("event_type").aggregate([("quantity", "sum")]).to_pydict()
    return dict(zip(table["event_type"], table["quantity_sum"], strict=True))


def test_servegen_totals(shared_data: Path) -> None:
    folder = shared_data / "servegen_llm_usage"
    files = sorted((folder / "request_windows").iterdir())
    fine, faulty = apply(MAPPINGS / "servegen_request_windows.yaml", *files)
    assert faulty.num_rows == 0
    assert sums(fine) == {"requests": 3_824_907_861}
    coarse, faulty = apply(
        MAPPINGS / "servegen_token_windows.yaml", folder / "token_windows.csv.gz"
    )
    assert faulty.num_rows == 0
    totals = sums(coarse)
    assert totals.pop("requests_6h") == _requests_in_cells(coarse, fine) + 85_785
    assert totals == {
        "input_tokens": 681_133_962_695,
        "output_tokens": 112_188_709_625,
        "text_tokens": 468_494_801,
        "image_tokens": 549_309_617,
        "images": 1_300_839,
    }


def _requests_in_cells(coarse: pa.Table, fine: pa.Table) -> int:
    """Sums the 10-minute requests of the clients and 6 hours that the coarse meter has."""
    hours = Counter()
    for row in fine.select(["customer_id", "occurred_at", "quantity"]).to_pylist():
        start = row["occurred_at"].replace(hour=row["occurred_at"].hour // 6 * 6, minute=0)
        hours[row["customer_id"], start] += row["quantity"]
    cells = [
        (row["customer_id"], row["occurred_at"])
        for row in coarse.to_pylist()
        if row["event_type"] == "requests_6h"
    ]
    assert len(cells) == len(set(cells)) == 7_538
    return sum(hours[cell] for cell in cells)


def test_gharchive_totals(shared_data: Path) -> None:
    files = sorted((shared_data / "gharchive_events").glob("*.gz"))
    events, rejected = apply(MAPPINGS / "gharchive.yaml", *files)
    assert rejected.num_rows == 0
    assert sums(events) == {"events": 15_129, "commits": 44_129}


def test_ev_norway_totals(shared_data: Path) -> None:
    file = shared_data / "ev_norway_sessions" / "Dataset1_charging_reports.csv.gz"
    events, rejected = apply(MAPPINGS / "ev_norway.yaml", file)
    faults = Counter(rejected["reason"].to_pylist())
    assert faults == {"missing_field": 2 * 38}
    assert events.num_rows + rejected.num_rows == 2 * 35_377
    without_end = sum(
        Decimal(row["raw_text"].rsplit(";", 1)[1].replace(",", "."))
        for row in rejected.to_pylist()
        if row["delivery_id"].endswith(":1")
    )
    assert sums(events)["charging.energy_kwh"] + without_end == Decimal("447735.019")
