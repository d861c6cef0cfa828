"""Every command explains itself, and refuses with words instead of a stack trace."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from cli.app import app


def named_commands(group: object, prefix: str = "") -> Iterator[str]:
    """Yields the names of a group's commands, those of the groups below it included."""
    for name, command in group.commands.items():  # type: ignore[attr-defined]  # a group
        if hasattr(command, "commands"):
            yield from named_commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"


COMMANDS = list(named_commands(typer.main.get_command(app)))


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    assert f"Example: ./meterhouse {command}" in result.output


def run_command(*arguments: str, state_dir: Path, **variables: str) -> subprocess.CompletedProcess:
    root = Path(__file__).parents[3]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(state_dir),
        "PYTHONPATH": str(root),
        "METERHOUSE_STATE_DIR": str(state_dir),
        **variables,
    }
    return subprocess.run(
        [sys.executable, "-m", "cli", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_unreachable_warehouse_is_said_in_words(tmp_path: Path) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:1/none"
    finished = run_command("build", state_dir=tmp_path, METERHOUSE_DATABASE_URL=url)
    assert finished.returncode == 1
    assert "can't be reached" in finished.stderr
    assert "Remedy" in finished.stderr
    assert "Traceback" not in finished.stderr + finished.stdout
    assert "secret" not in finished.stderr + finished.stdout


def test_reset_leaves_a_foreign_database_alone(tmp_path: Path) -> None:
    url = "postgresql://nobody:secret@127.0.0.1:1/none"
    finished = run_command("reset", "--yes", state_dir=tmp_path, METERHOUSE_DATABASE_URL=url)
    assert finished.returncode == 1
    assert "embedded warehouse only" in finished.stderr
