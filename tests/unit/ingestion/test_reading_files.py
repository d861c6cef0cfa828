"""Files: whole or refused, in bounded memory, whatever format and compression."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.files import expand_paths, guess_format, identify_files
from ingestion.readers.lines import LineBlock, _split_stream, part_lines, read_line_blocks
from ingestion.readers.streams import RefusedFileError
from ingestion.reading import read_file
from ingestion.validator import Origin
from warehouse.errors import MeterhouseError

ORIGIN = Origin(load_id=1, file_number=1, delivery_prefix="0123456789abcdef")


def event_line(number: int) -> bytes:
    return json.dumps(
        {
            "event_id": f"e{number}",
            "customer_id": "c",
            "event_type": "t",
            "occurred_at": "2026-09-01T00:00:00Z",
            "quantity": number,
        }
    ).encode()


LINES = b"\n".join(map(event_line, range(500)))


def zstd(data: bytes) -> bytes:
    return pa.compress(data, codec="zstd", asbytes=True)


def read(path: Path, *, batch_bytes: int = 4096) -> tuple[pa.Table, pa.Table, int]:
    found = list(read_file(path, origin=ORIGIN, mapping=None, batch_bytes=batch_bytes))
    events = [verdicts.events for verdicts, _ in found]
    rejected = [verdicts.rejected for verdicts, _ in found]
    lines = sum(count for _, count in found)
    return pa.concat_tables(events), pa.concat_tables(rejected), lines


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.jsonl", bytes),
        ("a.jsonl.gz", gzip.compress),
        ("a.jsonl.zst", zstd),
        ("renamed.jsonl", gzip.compress),
        (
            "two.jsonl.gz",
            lambda data: gzip.compress(data[:9999], mtime=0) + gzip.compress(data[9999:]),
        ),
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n", b"\n\n"])
def test_compression_and_final_newline_change_nothing(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes], end: bytes
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(LINES + end))
    events, rejected, _ = read(path)
    assert events["quantity"].to_pylist() == list(range(500))
    assert events["line_number"].to_pylist() == list(range(1, 501))
    assert rejected.num_rows == 0


def test_byte_order_mark_and_crlf_are_let_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + LINES.replace(b"\n", b"\r\n"))
    events, rejected, lines = read(path)
    assert (events.num_rows, rejected.num_rows, lines) == (500, 0, 500)


@pytest.mark.parametrize("name", ["a.jsonl", "a.csv"])
def test_an_empty_file_is_fine(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"")
    assert list(read_file(path, origin=ORIGIN, mapping=None, batch_bytes=4096)) == []


GZIPPED, ZIPPED = gzip.compress(LINES, mtime=0), zstd(LINES)
DAMAGED = {
    "cut.jsonl.gz": GZIPPED[:-20],
    "trailer.jsonl.gz": GZIPPED[:-4],
    "half.jsonl.gz": GZIPPED[: len(GZIPPED) // 2],
    "head.jsonl.gz": GZIPPED[:6],
    "garbage.jsonl.gz": GZIPPED + b"garbage",
    "crc.jsonl.gz": GZIPPED[:-8] + b"\0\0\0\0" + GZIPPED[-4:],
    "flipped.jsonl.gz": GZIPPED[:500] + b"\xff\xff\xff" + GZIPPED[503:],
    "nothing.jsonl.gz": b"",
    "plain.jsonl.gz": LINES,
    "cut.jsonl.zst": ZIPPED[:-5],
    "half.jsonl.zst": ZIPPED[: len(ZIPPED) // 2],
    "utf16.jsonl": LINES.decode().encode("utf-16"),
    "a.parquet": b"PAR1 is not enough",
    "a.xlsx": b"PK",
    "unknown_column.csv": b"event_id,customer_id,event_type,occurred_at,quantity,extra\n",
    "missing_column.csv": b"event_id,customer_id,event_type,occurred_at\n",
    "twice.csv": b"event_id,event_id,customer_id,event_type,occurred_at,quantity\n",
}


@pytest.mark.parametrize(("name", "content"), DAMAGED.items())
def test_a_damaged_file_is_refused_with_a_remedy(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(RefusedFileError) as caught:
        read(path)
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    assert problem.message
    assert problem.remedy


def test_a_file_that_is_gone_is_refused_alone(tmp_path: Path) -> None:
    (tmp_path / "there.jsonl").write_bytes(LINES)
    files, refused = identify_files([tmp_path / "gone.jsonl", tmp_path / "there.jsonl"])
    assert [file.name for file in files] == ["there.jsonl"]
    assert [problem.file for problem in refused] == [str(tmp_path / "gone.jsonl")]


def test_a_half_written_last_line_is_quarantined_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(LINES[:-10])
    events, rejected, _ = read(path)
    assert events.num_rows == 499
    assert rejected["reason"].to_pylist() == ["malformed_json"]


def test_a_long_line_is_cut_and_harms_no_neighbour(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(event_line(1) + b"\n" + b"x" * 3_000_000 + b"\n" + event_line(2))
    events, rejected, _ = read(path)
    assert events["line_number"].to_pylist() == [1, 3]
    row = rejected.to_pylist()[0]
    assert (row["reason"], row["line_number"], len(row["raw_text"])) == ("line_too_long", 2, 8192)


def test_memory_stays_flat_whatever_the_length_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.writelines(b"x" * (1 << 20) for _ in range(64))
        file.write(b"\n" + event_line(1))
    tracemalloc.start()
    blocks = list(read_line_blocks(path, block_bytes=1 << 16))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [block.first_line for block in blocks] == [1, 2]
    assert peak < 8 << 20


@given(
    lines=st.lists(st.binary(max_size=30).map(lambda raw: raw.replace(b"\n", b"")), max_size=12),
    size=st.integers(3, 50),
    is_ended=st.booleans(),
)
def test_blocks_give_back_every_line(*, lines: list[bytes], size: int, is_ended: bool) -> None:
    data = b"\n".join(lines) + (b"\n" if is_ended else b"")
    stream = pa.BufferReader(data)
    texts = list(_split_stream(stream, block_bytes=size, max_line_bytes=20))
    blocks = [block for text in texts for block in part_lines(text, max_line_bytes=20)]
    found = [
        (number, line, number in block.too_long)
        for block in blocks
        for number, line in enumerate(block.lines, start=block.first_line)
    ]
    wanted = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    wanted = wanted[:-1] if wanted[-1] == b"" else wanted
    assert found == [(n, line[:20], len(line) > 20) for n, line in enumerate(wanted, start=1)]
    assert all(isinstance(block, LineBlock) for block in blocks)
    assert sum(text.line_count for text in texts) == len(wanted)


def test_native_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "event_id,customer_id,event_type,occurred_at,quantity,properties\n"
        'e1,c,t,2026-09-01T00:00:00Z,1.10,"{""a"":""x,y""}"\n'
        "e2,c,t,2026-09-01T00:00:00Z,NaN,\n"
        "e3,c,t,2026-09-01T00:00:00Z,3\n"
        'e4,c,t,"2026-09-01T00:00:00Z,4,\n'
        "\n"
        "e5,c,t,2026-09-01T00:00:00Z,5,"
    )
    events, rejected, lines = read(path)
    assert events["event_id"].to_pylist() == ["e1", "e5"]
    assert events["line_number"].to_pylist() == [2, 7]
    assert events["properties"].to_pylist() == ['{"a": "x,y"}', "{}"]
    found = [(row["line_number"], row["reason"]) for row in rejected.to_pylist()]
    assert found == [(3, "not_a_number"), (4, "malformed_row"), (5, "malformed_row")]
    assert lines == 7


def test_native_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    instant = datetime(2026, 9, 1, tzinfo=UTC)
    table = pa.table(
        {
            "event_id": ["e1", "e2", None],
            "customer_id": pa.array(["c", "c", "c"]).dictionary_encode(),
            "event_type": ["t", "t", "t"],
            "occurred_at": pa.array([instant] * 3, pa.timestamp("ns", "Europe/Oslo")),
            "quantity": pa.array(["1.10", "0.000000001", "2"]).cast(pa.decimal128(38, 9)),
        }
    )
    pq.write_table(table, path)
    events, rejected, lines = read(path)
    assert events["quantity"].to_pylist() == [Decimal("1.1"), Decimal("1e-9")]
    assert events["occurred_at"].to_pylist() == [instant] * 2
    assert rejected["reason"].to_pylist() == ["missing_field"]
    assert json.loads(rejected["raw_text"][0].as_py())["customer_id"] == "c"
    assert lines == 3


def test_parquet_of_binary_fractions_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    names = ("event_id", "customer_id", "event_type", "occurred_at")
    table = pa.table({**{name: ["x"] for name in names}, "quantity": pa.array([0.1])})
    pq.write_table(table, path)
    with pytest.raises(RefusedFileError, match="exact decimals"):
        read(path)


def test_paths_are_expanded_once(tmp_path: Path) -> None:
    for name in ("b.jsonl", "a.jsonl.gz", "c.csv", ".hidden.jsonl", "d.jsonl.part", "SOURCE.md"):
        (tmp_path / name).write_bytes(b"")
    found = expand_paths([tmp_path, str(tmp_path / "*.jsonl"), tmp_path / "b.jsonl"])
    assert [path.name for path in found] == ["a.jsonl.gz", "b.jsonl", "c.csv"]
    assert [path.name for path in expand_paths([tmp_path], file_format="csv")] == ["c.csv"]
    assert guess_format(Path("x.tar.gz")) is None
    with pytest.raises(MeterhouseError, match="finds no file"):
        expand_paths([tmp_path / "nothing*.csv"])
