"""The compose file, the image and the CI workflow: valid, without secrets, the same commands."""

from __future__ import annotations

import copy
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.start import COMMANDS, environment_of
from warehouse import Role, Warehouse

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SERVICES = {"postgres", "webserver", "daemon", "dashboards", "broker"}
# none of these starts unless it is asked for
OPTIONAL = {"broker": ["kafka"]}
SECRET = re.compile(r"PASSWORD|SECRET|_URL$|TOKEN|_KEY$")
REQUIRED = re.compile(r"\$\{(\w+):\?[^}]+\}")
VARIABLE = re.compile(r"\$\{(\w+)")
PINNED = re.compile(r"^[\w./-]+@[0-9a-f]{40}$")

Compose = dict[str, Any]


@pytest.fixture
def compose() -> Compose:
    return yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text())


def compose_faults(compose: Compose) -> Iterator[str]:
    services = compose["services"]
    if set(services) != SERVICES:
        yield f"the services are {sorted(services)}"
    for name, service in services.items():
        if service.get("profiles", []) != OPTIONAL.get(name, []):
            yield f"{name} has the profiles {service.get('profiles')}"
        if "test" not in service.get("healthcheck", {}):
            yield f"{name} has no health check"
        image = service.get("image", "")
        if ":" not in image or image.endswith(":latest"):
            yield f"{name} runs the image {image or '(none)'}, which is not pinned"
        if "build" in service:
            dockerfile = PROJECT_ROOT / service["build"]["dockerfile"]
            if not dockerfile.exists() or service["command"][0] not in COMMANDS:
                yield f"{name} can't be built or started"
        for parent, condition in service.get("depends_on", {}).items():
            if parent not in services or condition != {"condition": "service_healthy"}:
                yield f"{name} does not wait until {parent} is healthy"
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name} is open to other machines: {port}"
        for volume in service.get("volumes", []):
            if volume.split(":")[0] not in compose["volumes"]:
                yield f"{name} uses the volume {volume}, which is not declared"
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable) and not REQUIRED.search(str(value)):
                yield f"{name}: {variable} has a default"


def test_the_compose_file_keeps_the_rules(compose: Compose) -> None:
    assert list(compose_faults(compose)) == []


@pytest.mark.parametrize(
    ("service", "change"),
    [
        ("webserver", {"healthcheck": {}}),
        ("broker", {"profiles": []}),
        ("daemon", {"profiles": ["kafka"]}),
        ("broker", {"ports": ["9092:9092"]}),
        ("postgres", {"image": "postgres:latest"}),
        ("postgres", {"image": "postgres"}),
        ("webserver", {"ports": ["3000:3000"]}),
        ("daemon", {"depends_on": {"postgres": {"condition": "service_started"}}}),
        ("daemon", {"volumes": ["elsewhere:/x"]}),
        ("daemon", {"command": ["nothing"]}),
        ("postgres", {"environment": {"POSTGRES_PASSWORD": "postgres"}}),
        ("daemon", {"environment": {"METERHOUSE_ROLE_SECRET": "${SECRET:-local}"}}),
    ],
)
def test_a_bad_compose_file_is_found(
    compose: Compose, service: str, change: dict[str, Any]
) -> None:
    broken = copy.deepcopy(compose)
    broken["services"][service] |= change
    assert list(compose_faults(broken)) != []


def test_docker_accepts_the_compose_file() -> None:
    if shutil.which("docker") is None:
        pytest.skip("there is no docker client here")
    if subprocess.run(
        ["docker", "compose", "version"], check=False, capture_output=True
    ).returncode:
        pytest.skip("this docker client has no compose command")
    secrets = {"METERHOUSE_POSTGRES_PASSWORD": "x", "METERHOUSE_ROLE_SECRET": "x"}
    command = ["docker", "compose", "--file", "docker-compose.yml", "config", "--quiet"]
    checked = subprocess.run(
        command,
        cwd=PROJECT_ROOT,
        env={**os.environ, **secrets},
        check=False,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_example_names_every_variable_and_no_secret(compose: Compose) -> None:
    used = set(VARIABLE.findall((PROJECT_ROOT / "docker-compose.yml").read_text()))
    lines = (PROJECT_ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(example) == used
    assert [name for name, value in example.items() if SECRET.search(name) and value] == []


def test_a_filled_in_example_is_never_tracked() -> None:
    command = ["git", "check-ignore", "--quiet", "--no-index", ".env"]
    assert subprocess.run(command, cwd=PROJECT_ROOT, check=False).returncode == 0


def test_the_image_has_the_locked_environment_and_no_root() -> None:
    lines = (PROJECT_ROOT / "deploy" / "Dockerfile").read_text().splitlines()
    assert any(line.startswith("COPY meterhouse requirements.lock") for line in lines)
    assert any(line.startswith("RUN ./meterhouse") for line in lines)
    users = [line.split()[1] for line in lines if line.startswith("USER ")]
    assert users[-1:] == ["meterhouse"]
    assert not any("latest" in line for line in lines if line.startswith("FROM "))


def test_the_dashboards_get_the_read_only_login_and_no_other(warehouse: Warehouse) -> None:
    inherited = {
        "PATH": os.defpath,
        "METERHOUSE_DATABASE_URL": "postgresql://admin",
        "METERHOUSE_ROLE_SECRET": "secret",
    }
    given = environment_of("dashboards", warehouse, inherited)
    assert set(given) == {"PATH", "METERHOUSE_REPORTER_URL"}
    assert f"//{Role.REPORTER}:" in given["METERHOUSE_REPORTER_URL"]


def workflow_faults(workflow: dict[str, Any]) -> Iterator[str]:
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    for step in steps:
        if "uses" in step and not PINNED.match(step["uses"]):
            yield f"{step['uses']} is not pinned to a commit"
    if "./meterhouse test" not in {step.get("run") for step in steps}:
        yield "the suite is not run by its own command"
    if workflow["permissions"] != {"contents": "read"}:
        yield "the workflow may do more than read"
    if "secrets." in str(workflow):
        yield "the workflow needs a credential"


def test_the_workflow_runs_our_own_commands() -> None:
    workflow = yaml.safe_load((PROJECT_ROOT / ".github/workflows/ci.yml").read_text())
    assert list(workflow_faults(workflow)) == []
    broken = {
        "permissions": "write-all",
        "jobs": {"x": {"steps": [{"uses": "actions/checkout@v4"}, {"run": "${{ secrets.X }}"}]}},
    }
    assert len(list(workflow_faults(broken))) == 4
