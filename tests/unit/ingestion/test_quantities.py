"""Quantities are exact decimals or have a reason; the column rule is the rule for one text."""

from __future__ import annotations

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.quantities import parse_quantities, parse_quantity
from ingestion.rejections import Rejection

EXACT = {
    "1": "1",
    "1.10": "1.1",
    "-1": "-1",
    "-0": "0",
    "-0.000": "0",
    "007": "7",
    "0.000000001": "0.000000001",
    "1.1000000000000": "1.1",
    "11e-1": "1.1",
    "1E+5": "100000",
    "1e17": "100000000000000000",
    "0e999999999999999999999": "0",
    "100e0000000000000000000000005": "10000000",
    "12345678901234567890123456789.123456789": "12345678901234567890123456789.123456789",
    "1e28": "10000000000000000000000000000",
    "123456789012.123456789": "123456789012.123456789",
}
REJECTED = {
    "": "missing_field",
    "NaN": "not_a_number",
    "nan": "not_a_number",
    "Infinity": "not_a_number",
    "-inf": "not_a_number",
    "1,5": "not_a_number",
    "0x10": "not_a_number",
    "1_000": "not_a_number",
    "+5": "not_a_number",
    ".5": "not_a_number",
    "5.": "not_a_number",
    " 5": "not_a_number",
    "5\n": "not_a_number",
    "true": "not_a_number",
    "\u0663": "not_a_number",
    "1e": "not_a_number",
    "--1": "not_a_number",
    "1e400": "number_out_of_range",
    "1e29": "number_out_of_range",
    "1e-10": "number_out_of_range",
    "1e-30": "number_out_of_range",
    "0.0000000001": "number_out_of_range",
    "123456789012345678901234567890": "number_out_of_range",
    "1e99999999999999999999": "number_out_of_range",
    "1e-99999999999999999999": "number_out_of_range",
}


@pytest.mark.parametrize(("text", "expected"), EXACT.items())
def test_parse_quantity_is_exact(text: str, expected: str) -> None:
    found = parse_quantity(text)
    assert isinstance(found, Decimal)
    assert found == Decimal(expected)
    assert parse_quantities(pa.array([text])).values.to_pylist() == [Decimal(expected)]


@pytest.mark.parametrize(("text", "reason"), REJECTED.items())
def test_parse_quantity_gives_the_reason(text: str, reason: str) -> None:
    found = parse_quantity(text)
    assert isinstance(found, Rejection)
    assert found.reason == reason
    column = parse_quantities(pa.array(["1", text, "2"]))
    assert column.faults == {1: found}
    assert column.values.to_pylist() == [Decimal(1), None, Decimal(2)]


def test_minus_zero_has_no_sign() -> None:
    assert str(parse_quantity("-0.00")) == "0"


number_like = st.one_of(
    st.text(alphabet="0123456789.-+eE, ", max_size=14),
    st.decimals(allow_nan=True, allow_infinity=True).map(str),
    st.from_regex(r"-?[0-9]{1,31}(\.[0-9]{1,11})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.text(max_size=6),
)


@given(st.lists(number_like, max_size=8))
def test_column_and_single_rule_agree(texts: list[str]) -> None:
    column = parse_quantities(pa.array(texts, pa.string()))
    for row, text in enumerate(texts):
        expected = parse_quantity(text)
        if isinstance(expected, Rejection):
            assert column.faults[row] == expected
        else:
            assert row not in column.faults
            assert column.values[row].as_py() == expected


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_every_decimal_is_exact_or_out_of_range(number: Decimal) -> None:
    found = parse_quantity(str(number))
    if isinstance(found, Rejection):
        assert found.reason == "number_out_of_range"
        needs_digits = number != round(number, 9) if abs(number) < 10**19 else True
        assert needs_digits or number.adjusted() >= 29
    else:
        assert found == number
