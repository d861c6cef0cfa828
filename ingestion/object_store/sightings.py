"""Remembers what content an object was seen with, so that it isn't fetched to learn it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Engine, text

from ingestion.object_store.store import StoredObject

_FIND = text(
    "select seen.bucket_name, seen.object_key, seen.etag, seen.size_bytes, seen.file_sha256"
    " from unnest(cast(:buckets as text[]), cast(:keys as text[]), cast(:etags as text[]),"
    " cast(:sizes as bigint[])) as wanted (bucket_name, object_key, etag, size_bytes)"
    " inner join ops.object_sightings as seen"
    " using (bucket_name, object_key, etag, size_bytes)"
    " where seen.endpoint_url = :endpoint_url and exists ("
    " select from ops.files inner join ops.loads using (load_id)"
    " where ops.files.file_sha256 = seen.file_sha256"
    " and ops.files.mapping_name = :mapping_name and ops.loads.state = 'landed')"
)
_RECORD = text(
    "insert into ops.object_sightings (endpoint_url, bucket_name, object_key, etag, size_bytes,"
    " file_sha256) values (:endpoint_url, :bucket, :key, :etag, :size_bytes, :file_sha256)"
    " on conflict do nothing"
)
_CHUNK = 10_000


def find_landed(
    engine: Engine, items: Sequence[StoredObject], *, endpoint_url: str, mapping_name: str
) -> set[StoredObject]:
    """Finds the objects that were seen before just as they are, and whose content has landed.

    Args:
        engine: Engine of the role that loads.
        items: The objects as listed.
        endpoint_url: The store.
        mapping_name: The mapping that they are read by.

    Returns:
        Those that need no fetching.
    """
    found: set[StoredObject] = set()
    with engine.connect() as connection:
        for start in range(0, len(items), _CHUNK):
            chunk = items[start : start + _CHUNK]
            rows = connection.execute(
                _FIND,
                {
                    "endpoint_url": endpoint_url,
                    "mapping_name": mapping_name,
                    "buckets": [item.bucket for item in chunk],
                    "keys": [item.key for item in chunk],
                    "etags": [item.etag for item in chunk],
                    "sizes": [item.size_bytes for item in chunk],
                },
            )
            found.update(StoredObject(*row[:4]) for row in rows)
    return found


def record_contents(
    engine: Engine, contents: Mapping[StoredObject, str], *, endpoint_url: str
) -> None:
    """Records what content objects have.

    Args:
        engine: Engine of the role that loads.
        contents: Object to the SHA-256 of its bytes; may be none.
        endpoint_url: The store.
    """
    rows = [
        {**vars(item), "endpoint_url": endpoint_url, "file_sha256": sha256}
        for item, sha256 in contents.items()
    ]
    if rows:
        with engine.begin() as connection:
            connection.execute(_RECORD, rows)
