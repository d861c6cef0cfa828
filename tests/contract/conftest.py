"""Fixtures of the contract tests: the project's files and its parsed dbt manifest."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DBT_PROJECT = PROJECT_ROOT / "dbt_project"
NO_CONNECTION = {
    "METERHOUSE_PG_HOST": "127.0.0.1",
    "METERHOUSE_PG_PORT": "1",
    "METERHOUSE_PG_DATABASE": "none",
    "METERHOUSE_PG_USER": "none",
    "METERHOUSE_PG_PASSWORD": "none",
}

SourceFiles = dict[str, str]


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    """Every file of the project that git tracks or would track, relative to its root."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, check=True, capture_output=True, text=True)
    paths = [Path(name) for name in listed.stdout.split("\0") if name]
    return sorted(path for path in paths if (PROJECT_ROOT / path).is_file())


@pytest.fixture(scope="session")
def read(project_files: list[Path]) -> Callable[..., SourceFiles]:
    """Returns a function: the text of every file with one of these suffixes, by its path."""

    def read_files(*suffixes: str) -> SourceFiles:
        texts = {}
        for path in project_files:
            if not suffixes or path.suffix in suffixes:
                if not (PROJECT_ROOT / path).exists():
                    continue  # gone since the list was made
                content = (PROJECT_ROOT / path).read_bytes()
                if b"\0" not in content:
                    texts[path.as_posix()] = content.decode("utf-8", errors="replace")
        return texts

    return read_files


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The parsed dbt project, as dbt writes it; parsing needs no database."""
    if not (DBT_PROJECT / "dbt_project.yml").exists():
        pytest.skip("there is no dbt project yet")
    from dbt.cli.main import dbtRunner

    target = tmp_path_factory.mktemp("dbt_target")
    arguments = ["--quiet", "--no-partial-parse", "--no-version-check", "parse"]
    arguments += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    arguments += ["--target-path", str(target), "--log-path", str(target)]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in NO_CONNECTION.items():
            patch.setenv(name, value)
        result = dbtRunner().invoke(arguments)
    assert result.success, f"dbt parse failed: {result.exception or result.result}"
    return json.loads((target / "manifest.json").read_text())
