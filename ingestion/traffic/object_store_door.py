"""Made-up traffic by an object store: each batch becomes an object."""

from __future__ import annotations

from collections.abc import Sequence

from ingestion.object_store.connections import open_files
from ingestion.object_store.faults import STORE_FAULTS, explain_fault
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.object_store.store import is_url
from ingestion.traffic.doors import FileNames
from ingestion.traffic.settings import TrafficSettings
from warehouse.errors import MeterhouseError


class ObjectStoreDoor:
    """A prefix of a bucket; an object is there whole or not at all.

    Args:
        settings: The prefix.
        run: Name of this run.
        store: How the store is reached; from the environment when not given.

    Raises:
        MeterhouseError: No prefix is named.
    """

    def __init__(
        self, settings: TrafficSettings, *, run: str, store: ObjectStoreSettings | None = None
    ) -> None:
        self._prefix = settings.object_store_prefix.rstrip("/")
        if not is_url(self._prefix):
            raise MeterhouseError(
                "No prefix of a bucket is named.",
                remedy="set METERHOUSE_TRAFFIC_OBJECT_STORE_PREFIX=s3://bucket/prefix",
            )
        self._settings = store or ObjectStoreSettings()
        self._files = open_files(self._settings)
        self._names = FileNames(run)

    def send(self, lines: Sequence[bytes]) -> None:
        """Puts an object."""
        place = f"{self._prefix}/{self._names.next()}"
        try:
            self._files.pipe_file(place, b"\n".join(lines) + b"\n")
        except STORE_FAULTS as error:
            fault = explain_fault(error, place=place, settings=self._settings)
            raise OSError(fault.message) from error

    def close(self) -> None:
        """Has nothing left to do: every object was waited for."""
