"""Texts from outside leave as CSV without becoming formulas, and come back byte by byte."""

from __future__ import annotations

import pytest

from ingestion.quarantine.exporting import _cell
from ingestion.rejections import keep_raw_text, restore_raw_text


@pytest.mark.parametrize(
    "raw",
    [
        b"=1+2",
        b" @x",
        b"-5",
        b"'=1",
        b"'",
        b"\tx",
        b"\r",
        b"base64:=",
        b"\xff\x00",
        "\uff1dx".encode(),
        b"{}",
        b"",
        "\u2028=".encode(),
    ],
    ids=repr,
)
def test_a_raw_text_is_safe_and_restored(raw: bytes) -> None:
    cell = str(_cell("raw_text", keep_raw_text(raw)))
    assert not cell.lstrip().startswith(("=", "+", "-", "@", "\uff1d"))
    assert restore_raw_text(cell) == raw


def test_other_cells_get_an_apostrophe() -> None:
    assert _cell("event_id", "=1+2") == "'=1+2"
    assert _cell("event_id", "e1") == "e1"
    assert _cell("load_id", 12) == 12
