"""The sensor that starts a refresh when something new waits in the inbox, the bucket or the spool.

It compares names, sizes and times, never contents, so that a tick costs next to nothing. What is
new by content, loading itself decides; a tick too many finds nothing to do.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import list_ready
from ingestion.files import guess_format
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.object_store.store import ObjectStore
from ingestion.ready_markers import FOLDER_MARKER, MARKER_SUFFIX, is_complete_name, is_marked
from ingestion.settings import IngestionSettings
from orchestration.settings import OrchestrationSettings
from warehouse import MeterhouseError

LISTING_TAG = "meterhouse/listing"
INCOMPLETE_TAG = "meterhouse/incomplete"
INTERVAL_SECONDS = 30
ATTEMPTS = 3
_FAILED = {dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED}


def watching_sensor(job: dg.UnresolvedAssetJobDefinition) -> dg.SensorDefinition:
    """Makes the sensor.

    Args:
        job: The job that loads what waits and builds.

    Returns:
        The sensor, running by default.
    """

    @dg.sensor(
        name="watch_inboxes",
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts a refresh when something new waits in the inbox, the bucket of the "
        "settings, or the collector's spool.",
    )
    def watch_inboxes(context: dg.SensorEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        entries, fault = list_waiting()
        if not entries:
            return dg.SkipReason(fault or "nothing waits")
        if fault:
            context.log.error(fault)
        return decide(context.instance, entries)

    return watch_inboxes


def list_waiting() -> tuple[list[str], str]:
    """Lists what is ready in the places that scheduled work loads from.

    Returns:
        One line for each file or object, of all that changes when its content may have changed;
        and why the object store could not be listed, or nothing.
    """
    entries = [*_list_inbox(), *(f"segment {path.name}" for path in _list_segments())]
    store = ObjectStoreSettings()
    if not store.inbox:
        return sorted(entries), ""
    try:
        found, _ = ObjectStore(store).find(
            store.inbox, needs_marker=IngestionSettings().ready_markers, may_be_empty=True
        )
    except MeterhouseError as error:
        return sorted(entries), str(error)
    entries.extend(f"object {item.url} {item.etag} {item.size_bytes}" for item in found)
    return sorted(entries), ""


def decide(instance: dg.DagsterInstance, entries: list[str]) -> dg.RunRequest | dg.SkipReason:
    """Decides whether this listing needs a run, by the runs there are for it.

    Args:
        instance: The instance that keeps the runs.
        entries: The listing, in order.

    Returns:
        A run whose key is the content of the listing, so that it is started once; after a run that
        failed or left something out another one, three in all. Else why not.
    """
    listing = hashlib.sha256("\n".join(entries).encode()).hexdigest()
    runs = instance.get_runs(dg.RunsFilter(tags={LISTING_TAG: listing}))
    failed = [run for run in runs if run.status in _FAILED or INCOMPLETE_TAG in run.tags]
    if any(not run.is_finished for run in runs):
        return dg.SkipReason("a run for what waits is under way")
    if len(failed) < len(runs):
        return dg.SkipReason("nothing new waits")
    if len(failed) >= ATTEMPTS:
        return dg.SkipReason(
            f"{ATTEMPTS} runs for what waits didn't load all of it: see run {runs[0].run_id[:8]}; "
            "the next is started by something new, or by the hourly schedule"
        )
    return dg.RunRequest(run_key=f"{listing}:{len(failed)}", tags={LISTING_TAG: listing})


def _list_inbox() -> Iterator[str]:
    inbox = OrchestrationSettings().inbox
    if not inbox.is_dir():
        return
    entries = {entry.name: entry for entry in os.scandir(inbox)}
    needs_marker = IngestionSettings().ready_markers
    for name, entry in entries.items():
        if not is_complete_name(name) or guess_format(inbox / name) is None:
            continue
        if needs_marker and not is_marked(name, entries.keys()):
            continue
        beside = [entries.get(name + MARKER_SUFFIX), entries.get(FOLDER_MARKER)]
        parts = [entry, *(marker for marker in beside if marker and needs_marker)]
        yield "file " + " ".join(_describe(part) for part in parts)


def _describe(entry: os.DirEntry[str]) -> str:
    """Names a file and everything that its metadata tell: a time may lie, not all of them do."""
    try:
        state = entry.stat()
    except OSError:
        return f"{entry.name} gone"
    times = f"{state.st_mtime_ns} {state.st_ctime_ns}"
    return f"{entry.name} {state.st_size} {times} {state.st_ino}"


def _list_segments() -> list[Path]:
    return list_ready(CollectorSettings().spool)
