"""Objects of a real S3 server: loaded by content, whole or not at all, once, in bounded space."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from ingestion.load_reports import RefusedFilesError
from ingestion.loads import load_files
from ingestion.object_store import loads, store
from ingestion.object_store.loads import load_objects
from ingestion.object_store.settings import ObjectStoreSettings
from ingestion.object_store.store import ObjectStore
from ingestion.readers.streams import RefusedFileError
from ingestion.settings import IngestionSettings
from tests.faults.commands import KILLED, Commands
from tests.integration.object_store_server import StoreServer, serving
from tests.integration.test_load_files import query, write_events
from warehouse import MeterhouseError, Warehouse

CRASH_POINTS = ["objects.after_fetch", "load.before_commit", "objects.after_group"]
EVENT = {
    "event_id": "e",
    "customer_id": "c",
    "event_type": "t",
    "occurred_at": "2026-09-01T00:00:00Z",
    "quantity": "1.5",
}


@pytest.fixture
def bucket() -> Iterator[StoreServer]:
    with serving() as server:
        yield server


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs that are fetched."""
    urls: list[str] = []
    once = ObjectStore.fetch

    def watched(self: ObjectStore, item: store.StoredObject, target: Path) -> str:
        urls.append(item.url)
        return once(self, item, target)

    monkeypatch.setattr(ObjectStore, "fetch", watched)
    return urls


def events(tmp_path: Path, count: int, *, first: int = 0, name: str = "x.jsonl") -> bytes:
    return write_events(tmp_path / name, count, first=first, faulty=0).read_bytes()


def test_objects_land_and_are_known_by_content(
    warehouse: Warehouse, bucket: StoreServer, tmp_path: Path, fetched: list[str]
) -> None:
    local = write_events(tmp_path / "a.jsonl", 20)
    load_files(warehouse, [local])
    bucket.put("day/renamed.jsonl", local.read_bytes())
    bucket.put("day/b.jsonl.gz", events(tmp_path, 30, first=100, name="b.jsonl.gz"))
    bucket.put("day/below/c.jsonl", events(tmp_path, 5, first=200))
    report = load_objects(warehouse, ["s3://usage/day/"], store_settings=bucket.settings)
    assert [unit.unit.name for unit in report.new_files] == ["s3://usage/day/b.jsonl.gz"]
    assert report.known_files == ("s3://usage/day/renamed.jsonl",)
    found = query(
        warehouse,
        "select source, file_name, event_count from ops.files"
        " inner join ops.loads using (load_id, event_count) order by load_id",
    )
    assert found[1:] == [("object_store", "s3://usage/day/b.jsonl.gz", 30)]
    assert len(fetched) == 2
    again = load_objects(warehouse, ["s3://usage/day/"], store_settings=bucket.settings)
    assert (again.load_id, len(again.known_files), len(fetched)) == (None, 2, 2)
    bucket.put("day/b.jsonl.gz", events(tmp_path, 7, first=300, name="b.jsonl.gz"))
    pattern = load_objects(warehouse, ["s3://usage/*/[bc]*.gz"], store_settings=bucket.settings)
    assert (pattern.event_count, fetched[2:]) == (7, ["s3://usage/day/b.jsonl.gz"])
    single = load_objects(
        warehouse, ["s3://usage/day/below/c.jsonl"], store_settings=bucket.settings
    )
    assert single.event_count == 5
    assert not (warehouse.state_dir / "object_spool").exists()


def test_every_format_and_mappings(
    warehouse: Warehouse, bucket: StoreServer, tmp_path: Path
) -> None:
    table = pa.Table.from_pylist([EVENT])
    pq.write_table(table, tmp_path / "a.parquet")
    bucket.put("a.parquet", (tmp_path / "a.parquet").read_bytes())
    pa.csv.write_csv(table, tmp_path / "b.csv")
    packed = pa.Codec("zstd").compress((tmp_path / "b.csv").read_bytes(), asbytes=True)
    bucket.put("b.csv.zst", packed)
    bucket.put("c.jsonl", b"")
    report = load_objects(warehouse, ["s3://usage/"], store_settings=bucket.settings)
    assert (len(report.new_files), report.event_count) == (3, 2)
    mapping = tmp_path / "m.yaml"
    mapping.write_text(
        "name: m\nformat: csv\nevents:\n- {event_type: event_type, customer_id: event_type,"
        " event_id: event_id, occurred_at: occurred_at, quantity: quantity}\n"
    )
    mapped = load_objects(warehouse, ["s3://usage"], mapping, store_settings=bucket.settings)
    assert [unit.unit.name for unit in mapped.new_files] == ["s3://usage/b.csv.zst"]
    customers = "select distinct customer_id from raw_usage.events order by 1"
    assert query(warehouse, customers) == [("c",), ("t",)]


def test_markers_of_objects(warehouse: Warehouse, bucket: StoreServer, tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        bucket.put(f"in/{name}.jsonl", events(tmp_path, 10, first=ord(name) * 100))
    bucket.put("in/a.jsonl.ready", b'{"lines": 10}')
    bucket.put("in/b.jsonl.ready", b'{"lines": 9}')
    bucket.put("done/d.jsonl", events(tmp_path, 4))
    bucket.put("done/_SUCCESS", b"")
    marked = IngestionSettings(ready_markers=True)
    with pytest.raises(RefusedFilesError, match="it has 10 lines, its marker says 9") as caught:
        load_objects(
            warehouse,
            ["s3://usage/in/", "s3://usage/done/*"],
            settings=marked,
            store_settings=bucket.settings,
        )
    report = caught.value.report
    assert report.event_count == 14
    assert report.waiting_files == ("s3://usage/in/c.jsonl",)
    assert caught.value.problems[0].file == "s3://usage/in/b.jsonl"


@pytest.mark.parametrize("gone", [False, True], ids=["changed", "gone"])
def test_an_object_that_changes_while_it_is_read_is_refused_alone(
    warehouse: Warehouse,
    bucket: StoreServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gone: bool,
) -> None:
    bucket.put("a.jsonl", events(tmp_path, 10))
    bucket.put("b.jsonl", events(tmp_path, 500, first=100))
    other = events(tmp_path, 500, first=101)
    monkeypatch.setattr(store, "_FETCH_BYTES", 1024)
    once = ObjectStore._read

    def disturbed(self: ObjectStore, item: store.StoredObject) -> Iterator[bytes]:
        for number, chunk in enumerate(once(self, item)):
            if item.key == "b.jsonl" and number == 2:
                if gone:
                    bucket.delete("b.jsonl")
                else:
                    bucket.put("b.jsonl", other)
            yield chunk

    monkeypatch.setattr(ObjectStore, "_read", disturbed)
    with pytest.raises(RefusedFilesError, match="changed or vanished while it was read") as caught:
        load_objects(warehouse, ["s3://usage/"], store_settings=bucket.settings)
    assert caught.value.report.event_count == 10
    assert query(warehouse, "select file_name from ops.files") == [("s3://usage/a.jsonl",)]
    monkeypatch.setattr(ObjectStore, "_read", once)
    bucket.put("b.jsonl", other)
    mended = load_objects(warehouse, ["s3://usage/"], store_settings=bucket.settings)
    assert mended.event_count == 500


def test_an_object_that_is_not_as_it_was_listed_is_refused(
    bucket: StoreServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket.put("a.jsonl", b"one line\n")
    reached = ObjectStore(bucket.settings)
    (listed,), _ = reached.find("s3://usage/")
    bucket.put("a.jsonl", b"two line\n")
    with pytest.raises(RefusedFileError, match="refused"):
        reached.fetch(listed, tmp_path / "a")
    (listed,), _ = reached.find("s3://usage/")
    assert reached.fetch(listed, tmp_path / "a") == hashlib.sha256(b"two line\n").hexdigest()
    monkeypatch.setattr(ObjectStore, "_read", lambda *_: iter([b"two"]))
    with pytest.raises(RefusedFileError, match="refused"):
        reached.fetch(listed, tmp_path / "a")


def test_the_spool_holds_no_more_than_it_may(
    warehouse: Warehouse, bucket: StoreServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        bucket.put(f"{number}.jsonl", events(tmp_path, 20, first=number * 100))
    bucket.put("5.jsonl.gz", gzip.compress(b"x" * 1000)[:-5])
    size = len(events(tmp_path, 20, first=100))
    held: list[int] = []
    once = loads.load_identified

    def watched(*arguments: object, **options: object) -> object:
        spool = warehouse.state_dir / "object_spool"
        held.append(sum(path.stat().st_size for path in spool.iterdir()))
        return once(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(loads, "load_identified", watched)
    settings = bucket.settings.model_copy(update={"spool_bytes": size * 2 + 10})
    with pytest.raises(RefusedFilesError) as caught:
        load_objects(warehouse, ["s3://usage/"], store_settings=settings)
    assert caught.value.report.event_count == 100
    assert [problem.file for problem in caught.value.problems] == ["s3://usage/5.jsonl.gz"]
    assert len(held) == 3
    assert max(held) <= settings.spool_bytes


@pytest.mark.parametrize("point", CRASH_POINTS)
def test_killed_and_run_again_every_row_is_there_once(
    warehouse: Warehouse, forked: Commands, bucket: StoreServer, tmp_path: Path, point: str
) -> None:
    for number in range(3):
        bucket.put(f"{number}.jsonl", events(tmp_path, 50, first=number * 100))
    settings = bucket.settings.model_copy(update={"spool_bytes": 1})
    environment = {**bucket.environment(), "METERHOUSE_OBJECT_STORE_SPOOL_BYTES": "1"}
    forked.run("fetch", warehouse, "s3://usage/", crash_at=point, code=KILLED, **environment)
    load_objects(warehouse, ["s3://usage/"], store_settings=settings)
    counts = "select count(*), count(distinct delivery_id), count(distinct event_id)"
    assert query(warehouse, f"{counts} from raw_usage.events") == [(150, 150, 150)]
    states = "select state, count(*) from ops.loads where state <> 'aborted' group by 1"
    assert query(warehouse, states) == [("landed", 3)]
    assert not (warehouse.state_dir / "object_spool").exists()
    again = load_objects(warehouse, ["s3://usage/"], store_settings=settings)
    assert (again.load_id, len(again.known_files)) == (None, 3)


def test_what_a_store_refuses_is_said_with_a_remedy(
    warehouse: Warehouse,
    bucket: StoreServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    bucket.put("a.jsonl", events(tmp_path, 1))
    nobody = {"key": "", "secret": type(bucket.settings.secret)("")}
    away = {"endpoint_url": "http://127.0.0.1:1"}
    cases: list[tuple[str, dict, str]] = [
        ("s3://missing/x/", {}, "There is no s3://missing"),
        ("s3://missing/*", {}, "There is no s3://missing"),
        ("s3://usage/nothing/", {}, "finds no object"),
        ("gs://usage/", {}, "no place for usage files"),
        ("s3://usage/", nobody, "There are no credentials for s3://usage"),
        ("s3://usage/", away, "http://127.0.0.1:1 can't be read"),
        ("s3://usage/", {"endpoint_url": "nowhere"}, "nowhere can't be read"),
    ]
    for url, changes, said in cases:
        settings = bucket.settings.model_copy(update=changes)
        refused_by(warehouse, url, settings, said)
    with bucket.refusing_all():
        refused_by(warehouse, "s3://usage/", bucket.settings, "refuses access to s3://usage")


def refused_by(warehouse: Warehouse, url: str, settings: ObjectStoreSettings, said: str) -> None:
    with pytest.raises(MeterhouseError) as caught:
        load_objects(warehouse, [url], store_settings=settings)
    assert said in str(caught.value)
    assert "Remedy" in str(caught.value)
    assert "not shown anywhere" not in str(caught.value) + repr(settings)
