"""Bodies: decompressed within bounds, refused when damaged, never held beyond the limit."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingestion.collector.bodies import PendingBytes, choose_encoding, decompress, read_body
from ingestion.collector.faults import RequestFaultError

LIMIT = 1 << 20


def zstd(content: bytes) -> bytes:
    return pa.compress(content, "zstd", asbytes=True)


def unfold(body: bytes, encoding: str | None, *, pending: int = 1 << 30) -> bytes:
    with PendingBytes(pending).reserve() as share:
        return decompress(body, encoding, limit=LIMIT, share=share)


def status_of(body: bytes, encoding: str | None, *, pending: int = 1 << 30) -> int:
    with pytest.raises(RequestFaultError) as caught:
        unfold(body, encoding, pending=pending)
    return caught.value.status


@given(st.binary(max_size=2000))
@settings(deadline=None)
def test_compression_is_undone_exactly(content: bytes) -> None:
    assert unfold(gzip.compress(content, mtime=0), "gzip") == content
    assert unfold(zstd(content), "zstd") == content
    assert unfold(content, None) == content


def test_content_of_exactly_the_limit_is_taken() -> None:
    content = bytes(LIMIT)
    for body, encoding in (
        (content, None),
        (gzip.compress(content, mtime=0), "gzip"),
        (zstd(content), "zstd"),
    ):
        assert unfold(body, encoding) == content
        grown = content + b"x"
    for body, encoding in (
        (grown, None),
        (gzip.compress(grown, mtime=0), "gzip"),
        (zstd(grown), "zstd"),
    ):
        assert status_of(body, encoding) == 413


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (b"", "gzip"),
        (b"", "zstd"),
        (b"junk", "gzip"),
        (b"junk", "zstd"),
        (gzip.compress(b"x" * 999, mtime=0)[:-1], "gzip"),
        (gzip.compress(b"x" * 999, mtime=0)[:-9], "gzip"),
        (zstd(b"x" * 999)[:-1], "zstd"),
        (gzip.compress(b"x", mtime=0) + b"junk", "gzip"),
        (zstd(b"x") + b"junk", "zstd"),
        (zlib.compress(b"x"), "gzip"),
        (gzip.compress(b"x", mtime=0), "zstd"),
    ],
)
def test_damaged_compression_is_malformed(body: bytes, encoding: str) -> None:
    assert status_of(body, encoding) == 400


def test_a_body_that_does_not_fit_beside_the_others_has_to_wait() -> None:
    assert status_of(gzip.compress(bytes(LIMIT)), "gzip", pending=LIMIT // 2) == 503
    pending = PendingBytes(100)
    with pending.reserve() as share:
        share.take(60)
        with pytest.raises(RequestFaultError):
            share.take(60)
        assert pending.held == 60
    assert pending.held == 0


@pytest.mark.parametrize("header", ["gzip, gzip", "br", "gzip, zstd", "deflate", "x-gzip"])
def test_other_or_nested_encodings_are_refused(header: str) -> None:
    with pytest.raises(RequestFaultError) as caught:
        choose_encoding(header)
    assert caught.value.status == 415


def test_encodings_are_known_in_any_case() -> None:
    assert [choose_encoding(name) for name in (None, "", "identity", "GZIP", "Zstd")] == [
        None,
        None,
        None,
        "gzip",
        "zstd",
    ]


@pytest.mark.parametrize(
    ("parts", "declared", "status"),
    [([b"x" * 60] * 2, None, 413), ([b"x"], "101", 413), ([b"slow"] * 100, None, 408)],
)
def test_a_body_is_bounded_as_it_is_sent(
    parts: list[bytes], declared: str | None, status: int
) -> None:
    async def send() -> AsyncIterator[bytes]:
        for part in parts:
            await asyncio.sleep(1 if part == b"slow" else 0)
            yield part

    async def read() -> bytes:
        with PendingBytes(1000).reserve() as share:
            return await read_body(
                send(), declared_length=declared, limit=100, seconds=1, share=share
            )

    with pytest.raises(RequestFaultError) as caught:
        asyncio.run(read())
    assert caught.value.status == status
