"""Says in words what an object store's refusals mean, and what to do about them."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, NoCredentialsError, PartialCredentialsError

from ingestion.object_store.settings import ObjectStoreSettings
from warehouse.errors import MeterhouseError

STORE_FAULTS = (OSError, BotoCoreError, ValueError)
"""What s3fs and botocore raise. Nothing of their texts that could hold a secret is passed on."""


def explain_fault(
    error: Exception, *, place: str, settings: ObjectStoreSettings
) -> MeterhouseError:
    """Turns what the client of the store raised into an error that says what to do.

    Args:
        error: One of `STORE_FAULTS`.
        place: The bucket or the object, as a URL.
        settings: How the store is reached.

    Returns:
        The error, to be raised.
    """
    store = settings.endpoint_url or "AWS S3"
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return MeterhouseError(
            f"There are no credentials for {place}.",
            remedy="set METERHOUSE_OBJECT_STORE_KEY and METERHOUSE_OBJECT_STORE_SECRET, or give "
            "this machine an AWS profile or role",
        )
    if isinstance(error, PermissionError):
        return MeterhouseError(
            f"{store} refuses access to {place}: {error}",
            remedy="check the key, its secret and region, and that it may list the bucket "
            "(s3:ListBucket) and read objects (s3:GetObject)",
        )
    if isinstance(error, FileNotFoundError):
        return MeterhouseError(
            f"There is no {place} at {store}.",
            remedy="check the bucket's name, METERHOUSE_OBJECT_STORE_ENDPOINT_URL and the region",
        )
    return MeterhouseError(
        f"{store} can't be read: {_shorten(error)}",
        remedy="check METERHOUSE_OBJECT_STORE_ENDPOINT_URL and that the store answers, then run "
        "the same command again; what has landed is not fetched again",
    )


def _shorten(error: Exception) -> str:
    """Keeps the first line of an error, without the query of an address in it."""
    return str(error).splitlines()[0].partition("?")[0] if str(error) else type(error).__name__
