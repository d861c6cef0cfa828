"""The lock: every package pinned with hashes, no index in it, nothing required that it lacks."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT_ROOT = Path(__file__).resolve().parents[2]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")


def entries(lock: str) -> list[str]:
    """Returns the requirements of a lock, each with its continuation lines joined."""
    joined = re.sub(r"\\\n\s*", " ", lock)
    lines = [line.strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def lock_faults(lock: str) -> Iterator[str]:
    for entry in entries(lock):
        name = entry.split()[0]
        if not PIN.match(entry):
            yield f"{name} is no pinned package"
        if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry):
            yield f"{name} has no hash"
    for line in lock.splitlines():
        if "://" in line or re.match(r"\s*(-i|--index|--extra|--find|-f)\b", line):
            yield f"an address in the lock: {line.strip()}"


def missing_faults(project: dict[str, object], lock: str) -> Iterator[str]:
    pinned: dict[str, set[str]] = {}
    for entry in entries(lock):
        if found := PIN.match(entry):
            pinned.setdefault(canonicalize_name(found.group(1)), set()).add(found.group(2))
    for line in project["project"]["dependencies"]:  # type: ignore[index]  # parsed TOML
        wanted = Requirement(line)
        versions = pinned.get(canonicalize_name(wanted.name), set())
        if not versions:
            yield f"{wanted} is not in the lock"
        elif not all(wanted.specifier.contains(version) for version in versions):
            yield f"{wanted} is locked at {', '.join(sorted(versions))}"


@pytest.fixture(scope="module")
def lock() -> str:
    return (PROJECT_ROOT / "requirements.lock").read_text()


@pytest.fixture(scope="module")
def project() -> dict[str, object]:
    return tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())


def test_every_package_is_pinned_with_hashes(lock: str) -> None:
    assert entries(lock) != []
    assert list(lock_faults(lock)) == []


def test_what_the_project_requires_is_locked(project: dict[str, object], lock: str) -> None:
    assert list(missing_faults(project, lock)) == []


HASH = "--hash=sha256:" + "0" * 64


@pytest.mark.parametrize(
    "text",
    [
        "rich==15.0.0\n",
        f"rich>=15 \\\n    {HASH}\n",
        "--index" + f"-url https://packages.example\nrich==15.0.0 {HASH}\n",
        f"rich @ https://packages.example/rich.whl {HASH}\n",
    ],
)
def test_a_bad_lock_is_found(text: str) -> None:
    assert list(lock_faults(text)) != []


@pytest.mark.parametrize("requirement", ["left-pad==1", "rich>=99"])
def test_a_requirement_that_the_lock_lacks_is_found(requirement: str) -> None:
    project = {"project": {"dependencies": [requirement]}}
    assert list(missing_faults(project, f"rich==15.0.0 {HASH}\n")) != []
