"""A folder appears whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from exports.publication import pending_folder


def publish(directory: Path, content: str) -> bool:
    with pending_folder(directory, name="invoices") as folder:
        (folder.path / "a.csv").write_text(content)
        return folder.publish()


def fail_halfway(directory: Path) -> None:
    with pending_folder(directory, name="invoices") as folder:
        (folder.path / "a.csv").write_text("2")
        (folder.path / "b.csv").write_text(str(1 // 0))


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def test_a_published_folder_stands_alone(tmp_path: Path) -> None:
    directory = tmp_path / "new" / "place"
    assert publish(directory, "1")
    assert names(directory) == ["invoices"]


def test_the_same_bytes_change_nothing(tmp_path: Path) -> None:
    publish(tmp_path, "1")
    before = (tmp_path / "invoices").stat().st_ino
    assert not publish(tmp_path, "1")
    assert (tmp_path / "invoices").stat().st_ino == before
    assert names(tmp_path) == ["invoices"]


def test_other_bytes_replace_the_folder(tmp_path: Path) -> None:
    publish(tmp_path, "1")
    assert publish(tmp_path, "2")
    assert (tmp_path / "invoices" / "a.csv").read_text() == "2"
    assert names(tmp_path) == ["invoices"]


def test_a_folder_that_someone_changed_is_replaced(tmp_path: Path) -> None:
    publish(tmp_path, "1")
    (tmp_path / "invoices" / "extra.csv").write_text("")
    assert publish(tmp_path, "1")
    assert names(tmp_path / "invoices") == ["a.csv"]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    publish(tmp_path, "1")
    with pytest.raises(ZeroDivisionError):
        fail_halfway(tmp_path)
    assert (tmp_path / "invoices" / "a.csv").read_text() == "1"
    assert names(tmp_path) == ["invoices"]


def test_a_folder_that_was_moved_aside_comes_back(tmp_path: Path) -> None:
    publish(tmp_path, "1")
    (tmp_path / "invoices").rename(tmp_path / ".invoices.previous")
    (tmp_path / ".invoices.partial").mkdir()
    with pending_folder(tmp_path, name="invoices"):
        assert (tmp_path / "invoices" / "a.csv").read_text() == "1"
    assert names(tmp_path) == ["invoices"]
