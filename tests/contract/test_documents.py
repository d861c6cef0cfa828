"""Documents say what is there: links resolve, commands and settings are written down."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

PROJECT_ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
DECISION_PARTS = ("## Context", "## Choice", "## Consequence", "## Held by")
HELD_BY = re.compile(r"`(tests/[\w./-]+|dbt_project/[\w./-]+)(?:::(\w+))?`")
VARIABLE = re.compile(r"METERHOUSE_[A-Z0-9_]+")
NAMED_IN_TREE = re.compile(r"^([\w.]+/)\s", re.MULTILINE)
# given to child processes by the project itself, nothing that a user sets
INNER_VARIABLES = re.compile(r"METERHOUSE_(PG_(HOST|PORT|DATABASE|USER|PASSWORD)|DAGSTER_URL)$")

Read = Callable[..., dict[str, str]]


def link_faults(path: str, text: str) -> Iterator[str]:
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for target in LINK.findall(prose):
        file = target.split("#", 1)[0]
        if "://" in target or target.startswith("mailto:") or not file:
            continue
        if not (PROJECT_ROOT / path).parent.joinpath(file).exists():
            yield f"{path}: the link to {target} leads nowhere"


def test_links_lead_somewhere(read: Read) -> None:
    assert [f for path, text in read(".md").items() for f in link_faults(path, text)] == []


def commands() -> dict[str, object]:
    """Returns the commands of the program, by name."""
    import typer.main

    from cli.app import app

    return dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]  # a group


def command_faults(known: dict[str, object], readme: str) -> Iterator[str]:
    for name, command in known.items():
        if not re.search(rf"`(?:\./meterhouse )?{name}\b", readme):
            yield f"README.md does not name the command {name}"
        shown = f"{getattr(command, 'epilog', '')} {getattr(command, 'help', '')}"
        if f"./meterhouse {name}" not in shown:
            yield f"the help of {name} has no example"
        for parameter in getattr(command, "params", []):
            if not getattr(parameter, "help", "") and parameter.name not in {"help"}:
                yield f"{name}: {parameter.name} has no help"


def test_commands_are_documented_and_have_an_example() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text()
    assert list(command_faults(commands(), readme)) == []


def settings_classes(read: Read) -> Iterator[type[BaseSettings]]:
    """Yields every settings class of the packages."""
    for path, text in read(".py").items():
        if Path(path).name != "settings.py" or path.startswith("tests/"):
            continue
        module = importlib.import_module(path.removesuffix(".py").replace("/", "."))
        for node in ast.parse(text).body:
            found = getattr(module, node.name, None) if isinstance(node, ast.ClassDef) else None
            if isinstance(found, type) and issubclass(found, BaseSettings):
                yield found


def variables_of(settings: type[BaseSettings]) -> Iterator[str]:
    prefix = settings.model_config.get("env_prefix", "")
    for name, field in settings.model_fields.items():
        alias = field.validation_alias
        yield alias if isinstance(alias, str) else f"{prefix}{name}".upper()


def test_settings_are_documented(read: Read) -> None:
    documents = "\n".join(t for path, t in read(".md").items() if path.startswith("docs/"))
    known = {variable for found in settings_classes(read) for variable in variables_of(found)}
    assert "METERHOUSE_DATABASE_URL" in known
    assert sorted(v for v in known if f"`{v}`" not in documents) == []


def test_documents_name_no_setting_that_is_gone(read: Read) -> None:
    known = {variable for found in settings_classes(read) for variable in variables_of(found)}
    code = "\n".join(read(".py", ".sh", ".yml", ".sql").values())
    code += (PROJECT_ROOT / "meterhouse").read_text()
    named = {v for text in read(".md").values() for v in VARIABLE.findall(text)}
    gone = {v for v in named - known if not re.search(rf"\b{v}\b", code)}
    assert sorted(gone) == []


def test_every_setting_reaches_the_program_by_a_settings_class(read: Read) -> None:
    known = {variable for found in settings_classes(read) for variable in variables_of(found)}
    code = {p: t for p, t in read(".py").items() if not p.startswith(("tests/", "cli/"))}
    used = {v for text in code.values() for v in VARIABLE.findall(text)}
    allowed = {v for v in used if INNER_VARIABLES.match(v)} | {"METERHOUSE_CRASH_AT"}
    assert sorted(v for v in used - known - allowed if not v.endswith("_")) == []


def decision_faults(path: str, text: str) -> Iterator[str]:
    for part in DECISION_PARTS:
        if f"\n{part}\n" not in text:
            yield f"{path}: no part {part}"
    held = text.partition("## Held by")[2]
    if not HELD_BY.search(held):
        yield f"{path}: names no test that holds it"
    for file, function in HELD_BY.findall(held):
        target = PROJECT_ROOT / file
        if not target.exists():
            yield f"{path}: {file} is not there"
        elif function and f"def {function}(" not in target.read_text():
            yield f"{path}: {file} has no {function}"


def test_decisions_name_the_test_that_holds_them(read: Read) -> None:
    files = {p: t for p, t in read(".md").items() if p.startswith("docs/decisions/")}
    assert files
    assert [fault for path, text in files.items() for fault in decision_faults(path, text)] == []


def test_the_readme_draws_the_tree_that_is_there(read: Read) -> None:
    readme = (PROJECT_ROOT / "README.md").read_text()
    named = set(NAMED_IN_TREE.findall(readme))
    folders = {path.split("/", 1)[0] + "/" for path in read() if "/" in path}
    hidden = {folder for folder in folders if folder.startswith(".")}
    assert named == folders - hidden


def test_a_bad_document_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(link_faults("README.md", "see [x](docs/nowhere.md)")) != []
    assert list(link_faults("README.md", "see [x](pyproject.toml)")) == []
    assert list(command_faults({"demo": object()}, "nothing")) != []
    assert list(decision_faults("docs/decisions/0001-x.md", "# x\n\n## Context\n")) != []
    parts = "".join(f"\n{part}\n" for part in DECISION_PARTS)
    assert list(decision_faults("docs/decisions/0001-x.md", parts + "`tests/nowhere.py`")) != []
