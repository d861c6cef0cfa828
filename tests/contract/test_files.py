"""The rules of every file: its name, its length, its form, and what no file may hold."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]
NAMES_THAT_SAY_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "stuff"}
NAMES_THAT_TOOLS_WANT = re.compile(
    r"^(README|CONTRIBUTING|LICENSE|CHANGELOG|NOTICE)(\.md)?$|^Dockerfile$|^docker-compose\.yml$"
)
NAME = re.compile(r"^[._]{0,2}[a-z0-9][a-z0-9_]*(\.[a-z0-9_]+)*_*(\.[a-z0-9]+)?$")
DATED_NAME = re.compile(r"^[0-9]{4}[-_][a-z0-9-]+(_[a-z0-9_-]+)*\.(md|py)$")
FREE_NAMES = ("examples/", "docs/decisions/")
LONGEST = {".py": 300, ".md": 150}
NEVER_TRACKED = {".sqlite", ".db", ".parquet", ".pem", ".key", ".pyc", ".duckdb"}
SECRET_FILES = {".env", "role_secret", "admin_password"}

# written in parts, so that this file does not hold what it forbids
MACHINE_PATHS = re.compile(
    r"(?<![\w.])/(?:" + "|".join(["wor" + "k", "roo" + "t", "home/[a-z]+"]) + r")/"
    r"|/tmp/(?:" + "spe" + "c|bash_jobs)"
)
INDEX_HOSTS = re.compile(
    "pypi" + r"\.(?:org|python)|python" + r"hosted|--(?:extra-)?index-url|"
    r"(?:UV_|PIP_)(?:DEFAULT_|EXTRA_)?INDEX",
    re.IGNORECASE,
)


def name_faults(path: str) -> Iterator[str]:
    for part in Path(path).parts:
        if Path(part).stem.lower() in NAMES_THAT_SAY_NOTHING:
            yield f"{path}: {part} says nothing"
    name = Path(path).name
    if Path(path).suffix in NEVER_TRACKED or name in SECRET_FILES:
        yield f"{path}: data and secrets are not tracked"
    if path.startswith(FREE_NAMES) or NAMES_THAT_TOOLS_WANT.match(name):
        return
    if not NAME.match(name) and not DATED_NAME.match(name):
        yield f"{path}: {name} is not snake_case"


def length_faults(path: str, text: str) -> Iterator[str]:
    longest = LONGEST.get(Path(path).suffix)
    lines = text.count("\n")
    if longest is not None and lines > longest:
        yield f"{path}: {lines} lines, at most {longest}"


def content_faults(path: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines(), start=1):
        if found := MACHINE_PATHS.search(line):
            yield f"{path}:{number}: a path of one machine: {found.group()}"
        if found := INDEX_HOSTS.search(line):
            yield f"{path}:{number}: a package index: {found.group()}"


def test_names_say_what_a_file_is(project_files: list[Path]) -> None:
    assert [fault for path in project_files for fault in name_faults(path.as_posix())] == []


def test_files_stay_short(read: Callable[..., dict[str, str]]) -> None:
    assert [f for path, text in read().items() for f in length_faults(path, text)] == []


def test_no_file_names_a_machine_or_an_index(read: Callable[..., dict[str, str]]) -> None:
    assert [f for path, text in read().items() for f in content_faults(path, text)] == []


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=["lint", "format"])
def test_python_keeps_the_form(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."]
    checked = subprocess.run(command, cwd=PROJECT_ROOT, check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout[-3000:] + checked.stderr[-1000:]


@pytest.mark.parametrize(
    "path",
    [
        "warehouse/utils.py",
        "ingestion/common/reader.py",
        "cli/Helpers.py",
        "cli/loadFiles.py",
        "dbt_project/models/My Model.sql",
        "warehouse/data.parquet",
        ".env",
    ],
)
def test_a_bad_name_is_found(path: str) -> None:
    assert list(name_faults(path)) != []


@pytest.mark.parametrize(
    "path",
    [
        "warehouse/__init__.py",
        ".env.example",
        ".github/workflows/ci.yml",
        "docs/decisions/0001-admission-in-sql.md",
        "dbt_project/models/staging/usage/stg_usage__events.sql",
        "dbt_project/models/staging/usage/_usage__sources.yml",
        "warehouse/migrations/versions/0001_foundation.py",
    ],
)
def test_a_good_name_is_left_alone(path: str) -> None:
    assert list(name_faults(path)) == []


def test_a_long_file_is_found() -> None:
    assert list(length_faults("cli/a.py", "\n" * 301)) != []
    assert list(length_faults("docs/a.md", "\n" * 151)) != []
    assert list(length_faults("cli/a.py", "\n" * 300)) == []


@pytest.mark.parametrize(
    "text",
    [
        "see /wor" + "k/main/x",
        "cd /roo" + "t/x",
        "/tmp/spe" + "c/X.md",
        "https://pypi" + ".org/simple",
        "pip install --index" + "-url x",
    ],
)
def test_a_machine_or_an_index_is_found(text: str) -> None:
    assert list(content_faults("docs/a.md", text)) != []
