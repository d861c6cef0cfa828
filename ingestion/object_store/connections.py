"""How an object store is reached."""

from __future__ import annotations

from typing import Any

from ingestion.object_store.settings import ObjectStoreSettings


def open_files(settings: ObjectStoreSettings) -> Any:
    """Opens a store as a file system; nothing is asked of it before it is used.

    Args:
        settings: How it is reached.

    Returns:
        An s3fs file system.
    """
    import s3fs  # importing it takes half a second

    client: dict[str, Any] = {}
    if settings.region or settings.endpoint_url:
        client["region_name"] = settings.region or "us-east-1"
    options: dict[str, Any] = {
        "connect_timeout": settings.connect_seconds,
        "read_timeout": settings.connect_seconds,
        "retries": {"max_attempts": 2},
    }
    if settings.endpoint_url:
        options["s3"] = {"addressing_style": "path"}
    return s3fs.S3FileSystem(
        key=settings.key or None,
        secret=settings.secret.get_secret_value() or None,
        endpoint_url=settings.endpoint_url or None,
        client_kwargs=client,
        config_kwargs=options,
        use_listings_cache=False,
        skip_instance_cache=True,
    )
