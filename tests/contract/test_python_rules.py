"""The rules of the Python packages: who imports whom, what runs at import, what is never there."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator

import pytest

FACING_USERS = {"cli"}
MAY_IMPORT: dict[str, set[str]] = {
    "warehouse": set(),
    "ingestion": {"warehouse"},
    "expectations": {"warehouse"},
    "exports": {"warehouse"},
    "audit": {"warehouse"},
    "dashboards": {"warehouse"},
    "orchestration": {"warehouse", "ingestion", "expectations", "exports", "audit"},
    "deploy": {"warehouse", "orchestration"},
    "benchmarks": {"warehouse", "ingestion", "orchestration"},
    "cli": {
        "benchmarks",
        "warehouse",
        "ingestion",
        "expectations",
        "exports",
        "audit",
        "dashboards",
        "orchestration",
    },
}
# a tool is known to the package that is built around it, and to nobody else
HOMES_OF_TOOLS = {
    "dagster": {"orchestration", "cli"},
    "dagster_dbt": {"orchestration"},
    "dagster_postgres": {"orchestration"},
    "dbt": {"orchestration"},
    "dlt": {"ingestion", "benchmarks"},
    "confluent_kafka": {"ingestion"},
    "great_expectations": {"expectations"},
    "streamlit": {"dashboards"},
    "plotly": {"dashboards"},
    "pandas": {"dashboards"},
    "typer": {"cli"},
    "rich": {"cli"},
    "alembic": {"warehouse"},
}
# scripts that a tool runs from top to bottom
RUN_AS_SCRIPTS = ("cli/__main__.py", "warehouse/migrations/env.py", "dashboards/app")
WORK_AT_IMPORT = {
    "create_engine",
    "connect",
    "open",
    "open_warehouse",
    "read_text",
    "read_bytes",
    "write_text",
    "mkdir",
    "run",
    "Popen",
    "check_output",
    "urlopen",
    "get_context",
    "getenv",
    "execute",
    "now",
    "today",
    "utcnow",
}
READS_ENVIRONMENT = {"warehouse/crash_points.py"}
# these hand an environment to a child process or to dbt, and decide nothing by it
PASSES_ENVIRONMENT = {
    "orchestration/dbt_project.py",
    "orchestration/operations.py",
    "deploy/start.py",
}
NAMES_OF_FLOATS = {"float", "float16", "float32", "float64", "double", "Float", "Double", "REAL"}
# progress on a screen is a rate per second, never a quantity or an amount
FLOATS_THAT_ARE_NO_MONEY = {"cli/display.py"}
# seconds to wait, places and widths on a drawing, and the shape of made-up traffic
FRACTIONS_THAT_ARE_NO_MONEY = {
    "cli/display.py",
    "cli/serving.py",
    "dashboards/charts.py",
    "ingestion/generator.py",
}
# measures seconds and ratios, in warehouses of its own, and prints them; no money passes through it
MEASURES = {"benchmarks"}
LONGEST_FUNCTION = 70


def package_of(path: str) -> str:
    return path.split("/", 1)[0]


def imported_modules(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module


def import_faults(path: str, tree: ast.Module) -> Iterator[str]:
    package = package_of(path)
    for line, module in imported_modules(tree):
        top = module.split(".", 1)[0]
        if top in MAY_IMPORT and top != package and top not in MAY_IMPORT[package]:
            yield f"{path}:{line}: {package} imports {top}"
        if top in HOMES_OF_TOOLS and package not in HOMES_OF_TOOLS[top]:
            yield f"{path}:{line}: {package} imports the tool {top}"


def nodes_run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """Yields the nodes that run when the module is imported: nothing inside a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            continue
        if isinstance(child, ast.If) and "__name__" in ast.unparse(child.test):
            continue
        yield child
        yield from nodes_run_at_import(child)


def name_of_call(call: ast.Call) -> str:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def composes_the_command_line(path: str, call: ast.Call) -> bool:
    """Whether a call hangs a group of commands into another: it declares, as a decorator does."""
    is_method = isinstance(call.func, ast.Attribute)
    return package_of(path) == "cli" and is_method and name_of_call(call) == "add_typer"


def work_at_import_faults(path: str, tree: ast.Module) -> Iterator[str]:
    if path.startswith(RUN_AS_SCRIPTS):
        return
    for node in nodes_run_at_import(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            # typer has no decorator for a group of commands: add_typer is how one is declared
            if composes_the_command_line(path, node.value):
                continue
            yield f"{path}:{node.lineno}: a bare call runs at import"
        elif isinstance(node, ast.Call):
            name = name_of_call(node)
            if name in WORK_AT_IMPORT or name.endswith("Settings"):
                yield f"{path}:{node.lineno}: {name}() runs at import"


def print_faults(path: str, tree: ast.Module) -> Iterator[str]:
    if package_of(path) in FACING_USERS | MEASURES:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print":
            yield f"{path}:{node.lineno}: prints"


def environment_faults(path: str, tree: ast.Module) -> Iterator[str]:
    allowed = READS_ENVIRONMENT | PASSES_ENVIRONMENT
    free = FACING_USERS | MEASURES
    if path.endswith("/settings.py") or path in allowed or package_of(path) in free:
        return
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        imported = isinstance(node, ast.ImportFrom) and node.module == "os"
        names = {alias.name for alias in node.names} if imported else {name}
        if names & {"environ", "getenv", "environb"}:
            yield f"{path}:{node.lineno}: reads the environment"


def float_faults(path: str, tree: ast.Module) -> Iterator[str]:
    if package_of(path) in MEASURES:
        return
    for node in ast.walk(tree):
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        if name in NAMES_OF_FLOATS and path not in FLOATS_THAT_ARE_NO_MONEY:
            yield f"{path}:{node.lineno}: {name}"
        is_fraction = isinstance(node, ast.Constant) and isinstance(node.value, float)
        if is_fraction and path not in FRACTIONS_THAT_ARE_NO_MONEY:
            yield f"{path}:{node.lineno}: the float {node.value}"


def long_function_faults(path: str, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > LONGEST_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {length} lines"


RULES_OF_PACKAGES = [
    import_faults,
    work_at_import_faults,
    print_faults,
    environment_faults,
    float_faults,
]
Rule = Callable[[str, ast.Module], Iterator[str]]


@pytest.mark.parametrize("rule", RULES_OF_PACKAGES, ids=lambda rule: rule.__name__)
def test_packages_keep_the_rule(read: Callable[..., dict[str, str]], rule: Rule) -> None:
    faults = [
        fault
        for path, text in read(".py").items()
        if package_of(path) in MAY_IMPORT
        for fault in rule(path, ast.parse(text))
    ]
    assert faults == []


def test_functions_fit_on_a_screen(read: Callable[..., dict[str, str]]) -> None:
    files = read(".py").items()
    assert [f for path, text in files for f in long_function_faults(path, ast.parse(text))] == []


BROKEN = [
    (import_faults, "ingestion/a.py", "import orchestration.jobs"),
    (import_faults, "ingestion/a.py", "def f():\n    from dagster import asset"),
    (import_faults, "warehouse/a.py", "from ingestion import landing"),
    (import_faults, "expectations/a.py", "import dagster as dg"),
    (import_faults, "dashboards/a.py", "from exports import files"),
    (import_faults, "orchestration/a.py", "import cli"),
    (work_at_import_faults, "warehouse/a.py", "ENGINE = create_engine('x')"),
    (work_at_import_faults, "warehouse/a.py", "class A:\n    text = Path('x').read_text()"),
    (work_at_import_faults, "ingestion/a.py", "SETTINGS = IngestionSettings()"),
    (work_at_import_faults, "ingestion/a.py", "configure()"),
    (work_at_import_faults, "ingestion/a.py", "app.add_typer(group, name='group')"),
    (work_at_import_faults, "cli/a.py", "app.configure()"),
    (print_faults, "ingestion/a.py", "def f():\n    print('x')"),
    (environment_faults, "exports/a.py", "import os\nx = os.environ['A']"),
    (environment_faults, "exports/a.py", "from os import getenv"),
    (float_faults, "exports/a.py", "def f(total: float): ..."),
    (float_faults, "exports/a.py", "x = float('1')"),
    (float_faults, "ingestion/a.py", "import pyarrow as pa\nx = pa.float64()"),
    (float_faults, "exports/a.py", "x = total * 0.19"),
    (long_function_faults, "cli/a.py", "def f():\n" + "    x = 1\n" * 70),
]


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN)
def test_a_broken_rule_is_found(rule: Rule, path: str, text: str) -> None:
    assert list(rule(path, ast.parse(text))) != []


KEPT = [
    (work_at_import_faults, "warehouse/a.py", "def f():\n    create_engine('x')"),
    (work_at_import_faults, "warehouse/a.py", "if __name__ == '__main__':\n    main()"),
    (work_at_import_faults, "cli/a.py", "app.add_typer(group, name='group')"),
    (environment_faults, "exports/settings.py", "import os\nx = os.environ['A']"),
    (import_faults, "cli/a.py", "from orchestration import jobs"),
    (long_function_faults, "cli/a.py", "def f():\n" + "    x = 1\n" * 69),
]


@pytest.mark.parametrize(("rule", "path", "text"), KEPT)
def test_a_kept_rule_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert list(rule(path, ast.parse(text))) == []
