"""Reads the body of a request: bounded as it is sent, bounded once it is decompressed."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pyarrow as pa

from ingestion.collector.faults import (
    RequestFaultError,
    refuse_for_now,
    refuse_malformed,
    refuse_too_large,
)

ENCODINGS = ("gzip", "zstd")
_STEP_BYTES = 256 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class PendingBytes:
    """Bytes of all bodies that are being worked on: beyond the limit, requests have to wait.

    Args:
        limit: Bytes that may be held at once.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.held = 0

    @contextmanager
    def reserve(self) -> Iterator[Reservation]:
        """Yields the share of one request; it is given back at the end."""
        share = Reservation(self)
        try:
            yield share
        finally:
            self.held -= share.held

    def take(self, count: int) -> None:
        """Takes `count` bytes more, or refuses with 503."""
        if self.held + count > self._limit:
            raise refuse_for_now("busy", "The collector has its hands full.")
        self.held += count


class Reservation:
    """The bytes that one request holds.

    Attributes:
        held: Bytes taken so far.
    """

    def __init__(self, pending: PendingBytes) -> None:
        self._pending = pending
        self.held = 0

    def take(self, count: int) -> None:
        """Takes `count` bytes more, or refuses with 503."""
        self._pending.take(count)
        self.held += count


async def read_body(
    chunks: AsyncIterator[bytes],
    *,
    declared_length: str | None,
    limit: int,
    seconds: int,
    share: Reservation,
) -> bytes:
    """Reads a body as it is sent.

    Args:
        chunks: Its parts.
        declared_length: The header Content-Length, if there is one.
        limit: Bytes that it may have.
        seconds: How long the sender may take.
        share: What the request holds.

    Returns:
        The body, still encoded.

    Raises:
        RequestFaultError: It is too large, too slow, or there is no room for it.
    """
    if declared_length and declared_length.isdecimal() and int(declared_length) > limit:
        raise _refuse_body(limit)
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in chunks:
                size += len(chunk)
                if size > limit:
                    raise _refuse_body(limit)
                share.take(len(chunk))
                parts.append(chunk)
    except TimeoutError:
        message = f"The body didn't arrive within {seconds} s."
        raise RequestFaultError(
            408, "too_slow", message, remedy="send it again", closes=True
        ) from None
    return b"".join(parts)


def choose_encoding(header: str | None) -> str | None:
    """Tells how a body is compressed.

    Args:
        header: The header Content-Encoding, if there is one.

    Returns:
        `gzip`, `zstd`, or None for not at all.

    Raises:
        RequestFaultError: It is something else, or compressed more than once.
    """
    name = (header or "identity").strip().lower()
    if name in ("", "identity"):
        return None
    if name in ENCODINGS:
        return name
    raise RequestFaultError(
        415,
        "unknown_encoding",
        f"Content-Encoding {name[:60]!a} is not taken.",
        remedy="send the body plain, or compressed once by gzip or zstd",
        closes=True,
    )


def decompress(body: bytes, encoding: str | None, *, limit: int, share: Reservation) -> bytes:
    """Decompresses a body step by step, so that no bomb unfolds beyond the limit.

    Args:
        body: The body as it was sent.
        encoding: `gzip`, `zstd` or None.
        limit: Bytes that the content may have.
        share: What the request holds.

    Returns:
        The content.

    Raises:
        RequestFaultError: It is too large, damaged or cut off, or there is no room for it.
    """
    if encoding is None:
        return _bound(body, limit)
    steps = _unzip(body) if encoding == "gzip" else _unfold_zstd(body)
    parts: list[bytes] = []
    size = 0
    try:
        for part in steps:
            size += len(part)
            if size > limit:
                raise _refuse_content(limit)
            share.take(len(part))
            parts.append(part)
    except (zlib.error, OSError, EOFError) as error:
        message = f"The body can't be decompressed by {encoding}: {error}."
        raise refuse_malformed(message, remedy="compress it again, once") from None
    return b"".join(parts)


def _unzip(body: bytes) -> Iterator[bytes]:
    stream = zlib.decompressobj(_GZIP)
    rest = body
    while not stream.eof:
        part = stream.decompress(rest, _STEP_BYTES)
        rest = stream.unconsumed_tail
        if not part and not rest and not stream.eof:
            raise EOFError("the data are cut off")
        yield part
    if stream.unused_data:
        raise zlib.error("something follows the end of the data")


def _unfold_zstd(body: bytes) -> Iterator[bytes]:
    if not body:
        raise EOFError("the data are cut off")
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        while part := stream.read(_STEP_BYTES):
            yield part


def _bound(content: bytes, limit: int) -> bytes:
    if len(content) > limit:
        raise _refuse_content(limit)
    return content


def _refuse_body(limit: int) -> RequestFaultError:
    return refuse_too_large(
        f"The body is larger than {limit} bytes.", remedy="send smaller batches", closes=True
    )


def _refuse_content(limit: int) -> RequestFaultError:
    return refuse_too_large(
        f"The body unfolds to more than {limit} bytes.", remedy="send smaller batches"
    )
