"""Running one dbt operation as the finance role, and reading what it said."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping

from orchestration.dbt_project import dbt_executable, project_arguments
from warehouse import MeterhouseError, Problem, Role, Warehouse


def run_operation(
    warehouse: Warehouse, name: str, arguments: Mapping[str, object], *, refused: str
) -> list[str]:
    """Runs a macro of the dbt project as an operation, in a process of its own.

    Args:
        warehouse: The opened warehouse.
        name: The macro.
        arguments: Its arguments.
        refused: What to say first when it fails.

    Returns:
        What it logged, message by message.

    Raises:
        MeterhouseError: It failed; with every `- problem: remedy` that it named.
    """
    target = warehouse.state_dir / "dbt" / "close"
    target.mkdir(parents=True, exist_ok=True)
    command = [dbt_executable(), "--no-version-check", "--no-use-colors", "--log-format", "json"]
    command += ["run-operation", name, "--args", json.dumps(arguments)]
    command += ["--target-path", str(target), "--log-path", str(target), *project_arguments()]
    finished = subprocess.run(
        command,
        env={**os.environ, **warehouse.dbt_environment(Role.FINANCE)},
        capture_output=True,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        raise MeterhouseError(refused, problems=_refusals(finished.stdout))
    return [message for _, message in _messages(finished.stdout)]


def _messages(output: str) -> Iterator[tuple[str, str]]:
    """Takes level and text out of dbt's JSON log lines."""
    for line in output.splitlines():
        try:
            info = json.loads(line)["info"]
        except (ValueError, KeyError):
            continue
        yield info["level"], str(info["msg"])


def _refusals(output: str) -> list[Problem]:
    """Takes out of dbt's log what stands against an operation: `- problem: remedy`."""
    messages = [
        part.strip()
        for level, message in _messages(output)
        if level == "error"
        for part in message.splitlines()
    ]
    refusals = [message[2:].rpartition(": ") for message in messages if message.startswith("- ")]
    if refusals:
        return [Problem(message=found, remedy=remedy) for found, _, remedy in refusals]
    return [Problem(message=" ".join(messages) or "dbt failed without a message")]
