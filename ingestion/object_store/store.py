"""An S3-compatible store: finds objects, reads markers, fetches unchanged or not at all."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingestion.files import guess_format
from ingestion.object_store.connections import open_files
from ingestion.object_store.faults import STORE_FAULTS, explain_fault
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.readers.streams import refuse_file
from ingestion.ready_markers import (
    FOLDER_MARKER,
    MARKER_SUFFIX,
    MAX_MARKER_BYTES,
    ReadyMarker,
    is_complete_name,
    is_marked,
    parse_marker,
)
from warehouse.errors import MeterhouseError

SCHEME = "s3://"
_FETCH_BYTES = 8 << 20
_WILD = "*?["


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing showed it.

    Attributes:
        bucket: Its bucket.
        key: Its key.
        etag: What the store calls its content; another content has another one.
        size_bytes: Its size.
    """

    bucket: str
    key: str
    etag: str
    size_bytes: int

    @property
    def url(self) -> str:
        """Its address, `s3://bucket/key`."""
        return f"{SCHEME}{self.bucket}/{self.key}"

    @property
    def name(self) -> str:
        """The last part of its key."""
        return posixpath.basename(self.key)


class ObjectStore:
    """A store that is reached by the settings; nothing is asked of it before it is used.

    Args:
        settings: How it is reached.
    """

    def __init__(self, settings: ObjectStoreSettings) -> None:
        self._settings = settings
        self._files = open_files(settings)

    def find(
        self,
        url: str,
        *,
        file_format: str | None = None,
        needs_marker: bool = False,
        may_be_empty: bool = False,
    ) -> tuple[list[StoredObject], list[StoredObject]]:
        """Finds the objects that are meant.

        A prefix means the data files right below it, as with folders; a pattern what it matches.

        Args:
            url: `s3://bucket/prefix/`, an object, or a pattern with `*`, `?` or `[...]`.
            file_format: Take only objects of this format from prefixes; None for any known one.
            needs_marker: Whether only objects count that have a ready-marker.
            may_be_empty: Whether it is fine that there is nothing.

        Returns:
            The objects that are ready, by key, and those that wait for their marker.

        Raises:
            MeterhouseError: The URL is none, finds nothing, or the store refuses or is away.
        """
        bucket, key = split_url(url)
        try:
            found = self._list(bucket, key, file_format)
            if not found and not may_be_empty:
                raise MeterhouseError(
                    f"{url} finds no object to load.",
                    remedy="name an object, a prefix that ends with / and holds .jsonl, .csv or "
                    ".parquet objects (plain, .gz or .zst), or a pattern in quotes",
                )
            if not needs_marker:
                return found, []
            names = self._names_beside(found)
        except STORE_FAULTS as error:
            raise self._explain(error, f"{SCHEME}{bucket}") from error
        marked = [is_marked(item.name, names[posixpath.dirname(item.key)]) for item in found]
        ready = [item for item, has in zip(found, marked, strict=True) if has]
        return ready, [item for item, has in zip(found, marked, strict=True) if not has]

    def read_marker(self, item: StoredObject) -> ReadyMarker:
        """Reads what the marker of an object promises.

        Args:
            item: An object that has its own marker, or one of its prefix.

        Returns:
            The promise; an empty one where only the prefix has a marker.

        Raises:
            RefusedFileError: The marker says something that makes no sense.
            MeterhouseError: The store refuses or is away.
        """
        path = f"{item.bucket}/{item.key}{MARKER_SUFFIX}"
        try:
            content = self._files.cat_file(path, start=0, end=MAX_MARKER_BYTES + 1)
        except FileNotFoundError:
            return ReadyMarker()
        except STORE_FAULTS as error:
            raise self._explain(error, f"{SCHEME}{path}") from error
        return parse_marker(content, file=item.url)

    def fetch(self, item: StoredObject, target: Path) -> str:
        """Fetches an object, just as it was listed.

        Args:
            item: The object.
            target: The file to write.

        Returns:
            SHA-256 of its bytes, 64 hexadecimal digits.

        Raises:
            RefusedFileError: It changed or vanished since it was listed, or while it was read.
            MeterhouseError: The store refuses or is away, or the disk is full.
        """
        digest = hashlib.sha256()
        received = 0
        with target.open("wb") as written:
            for chunk in self._read(item):
                received += len(chunk)
                digest.update(chunk)
                try:
                    written.write(chunk)
                except OSError as error:
                    raise MeterhouseError(
                        f"{item.url} can't be kept on this disk: {error.strerror}",
                        remedy="make room below the state folder, or lower "
                        "METERHOUSE_OBJECT_STORE_SPOOL_BYTES, then run the same command again",
                    ) from error
        if received != item.size_bytes:
            raise _changed(item)
        return digest.hexdigest()

    def _read(self, item: StoredObject) -> Iterable[bytes]:
        try:
            stream = self._files.open(
                f"{item.bucket}/{item.key}", "rb", block_size=_FETCH_BYTES, cache_type="none"
            )
            with stream:  # every range is asked for with If-Match of the ETag found here
                if _etag(stream.details) != item.etag or stream.size != item.size_bytes:
                    raise _changed(item)
                while chunk := stream.read(_FETCH_BYTES):
                    yield chunk
        except FileNotFoundError as error:
            raise _changed(item) from error
        except STORE_FAULTS as error:
            if type(error).__name__ == "FileExpired":
                raise _changed(item) from error
            raise self._explain(error, item.url) from error

    def _list(self, bucket: str, key: str, file_format: str | None) -> list[StoredObject]:
        self._files.call_s3("list_objects_v2", Bucket=bucket, MaxKeys=1)
        entries: Iterable[Mapping[str, Any]] = ()
        is_wild = any(sign in key for sign in _WILD)
        if key and not key.endswith("/") and self._files.isfile(f"{bucket}/{key}"):
            entries = [self._files.info(f"{bucket}/{key}")]
            file_format, is_prefix = None, False
        elif is_wild:
            entries = self._files.glob(f"{bucket}/{key}", detail=True).values()
            is_prefix = False
        else:
            entries = self._list_prefix(bucket, key)
            is_prefix = True
        found = [_describe(bucket, entry) for entry in entries if entry["type"] == "file"]
        return sorted(
            (
                item
                for item in found
                if is_complete_name(item.name)
                and item.name
                and not (is_prefix and not _is_data(item.name, file_format))
            ),
            key=lambda item: item.key,
        )

    def _list_prefix(self, bucket: str, key: str) -> Iterable[Mapping[str, Any]]:
        try:
            return self._files.ls(f"{bucket}/{key}".rstrip("/"), detail=True)
        except FileNotFoundError:
            return ()

    def _names_beside(self, items: Iterable[StoredObject]) -> dict[str, set[str]]:
        """Finds the names of everything in the prefixes of some objects."""
        folders = {(item.bucket, posixpath.dirname(item.key)) for item in items}
        return {
            folder: {
                posixpath.basename(entry["name"])
                for entry in self._list_prefix(bucket, folder)
                if entry["type"] == "file" and _is_marker(posixpath.basename(entry["name"]))
            }
            for bucket, folder in folders
        }

    def _explain(self, error: Exception, place: str) -> MeterhouseError:
        return explain_fault(error, place=place, settings=self._settings)


def is_url(place: object) -> bool:
    """Tells whether a place is one of an object store, not a local path."""
    return "://" in str(place)


def split_url(url: str) -> tuple[str, str]:
    """Parts `s3://bucket/key` into bucket and key.

    Args:
        url: The URL.

    Returns:
        The bucket, and the key, prefix or pattern; empty for the whole bucket.

    Raises:
        MeterhouseError: It is of another scheme, or names no bucket.
    """
    bucket, _, key = url.removeprefix(SCHEME).partition("/")
    if not url.startswith(SCHEME) or not bucket or any(sign in bucket for sign in _WILD):
        raise MeterhouseError(
            f"{url} is no place for usage files.", remedy="write it as s3://bucket/prefix/"
        )
    return bucket, key


def _describe(bucket: str, entry: Mapping[str, Any]) -> StoredObject:
    key = str(entry["name"]).removeprefix(f"{bucket}/")
    return StoredObject(bucket, key, _etag(entry), int(entry["size"]))


def _etag(entry: Mapping[str, Any]) -> str:
    return str(entry.get("ETag", "")).strip('"')


def _is_data(name: str, file_format: str | None) -> bool:
    known = guess_format(Path(name))
    return known is not None and file_format in (None, known)


def _is_marker(name: str) -> bool:
    return name == FOLDER_MARKER or name.endswith(MARKER_SUFFIX)


def _changed(item: StoredObject) -> Exception:
    return refuse_file(
        item.url,
        "the object changed or vanished while it was read",
        remedy="load it again once its writer has finished",
    )
