"""CSV rows end as RFC 4180 asks, and are counted and hashed on the way."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest

from warehouse.csv_output import CsvSink

PIECES = [b"id,text\n", b'1,"two\nlines"\n', b'2,"a ""quoted"" word"\n']


@pytest.mark.parametrize(
    "pieces",
    [PIECES, [PIECES[0], b'1,"two\n', b'lines"\n', PIECES[2]]],
    ids=["a row at a time", "a row in two pieces"],
)
def test_rows_end_with_both_characters_and_quoted_breaks_stay(pieces: list[bytes]) -> None:
    target = BytesIO()
    sink = CsvSink(target)
    for piece in pieces:
        sink.write(piece)
    wanted = b'id,text\r\n1,"two\nlines"\r\n2,"a ""quoted"" word"\r\n'
    assert target.getvalue() == wanted
    assert (sink.row_count, sink.byte_count) == (2, len(wanted))
    assert sink.sha256 == hashlib.sha256(wanted).hexdigest()


def test_a_header_alone_has_no_rows() -> None:
    sink = CsvSink(BytesIO())
    assert sink.row_count == 0
    sink.write(PIECES[0])
    assert sink.row_count == 0
