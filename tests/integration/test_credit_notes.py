"""Credit notes take off closed invoices what is left of them, once, and can not be changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

from audit.invoices import read_invoice
from cli.app import app
from orchestration.closing import close_period
from orchestration.crediting import CreditWish, issue_credit_note
from tests.billed_company import SEPTEMBER, catalog, event, write_lines
from tests.dbt_harness import dbt, install_catalog, read_as_admin
from tests.drafting import LOADS_ONLY, build, land
from tests.integration.test_dbt_recovery import kill_at
from warehouse import MeterhouseError, Role, Warehouse

AT = datetime(2026, 10, 20, 12, tzinfo=UTC)
# c05: 49.00, and 5,000 calls: 1,000 at 0.01 and 4,000 at 0.005, 30.00
FIFTH, SEVENTH, YEN = "NEU-2026-000005", "NEU-2026-000007", "NJP-2026-000001"
NOTES = (
    "select credit_note_number, note_type, total_minor, line_count from marts.fct_credit_notes"
    " order by credit_note_number"
)
DRAFTED = (
    "select line_type, label, quantity::bigint, amount_minor from reporting.rpt_invoice_lines"
    " where status = 'draft' and customer_id = '{}' and line_type = 'adjustment'"
    " order by label"
)


def wish(number: str, **more: object) -> CreditWish:
    return CreditWish(invoice_number=number, reason="outage", issued_by="ada", issued_at=AT, **more)  # type: ignore[arg-type]  # fields by name


@pytest.fixture(scope="module")
def credited(billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse]) -> Warehouse:
    """10.00 of the fifth invoice's calls, then all that is left of it; the seventh, once more."""
    warehouse = clone(billed_company)
    number = issue_credit_note(warehouse, wish(FIFTH, line_number=2, amount="10"))
    assert number == "NEU-CN-2026-000001"
    issue_credit_note(warehouse, wish(FIFTH))
    issue_credit_note(warehouse, wish(SEVENTH, is_billed_again=True))
    return warehouse


def test_notes_are_numbered_and_add_up(credited: Warehouse) -> None:
    assert read_as_admin(credited, NOTES) == [
        ("NEU-CN-2026-000001", "partial", -1000, 1),
        ("NEU-CN-2026-000002", "void", -6900, 2),  # 49.00 and 20.00
        ("NEU-CN-2026-000003", "void", -8900, 2),  # 49.00 and 40.00
    ]
    found = read_invoice(credited, FIFTH)
    taken = sum(note["total_minor"] for note in found.credit_notes)
    assert found.header["total_minor"] + taken == 0
    code, said = dbt(credited, "test", "--select", "assert_credit_notes_hold")
    assert code == 0, said


def test_what_is_taken_off_is_billed_again_only_when_asked(credited: Warehouse) -> None:
    assert read_as_admin(credited, DRAFTED.format("c05")) == []
    # 1,000 at 0.01 and 6,000 at 0.005
    assert read_as_admin(credited, DRAFTED.format("c07")) == [
        ("adjustment", "API calls", 7000, 4000),
        ("adjustment", "Base fee", 0, 4900),
    ]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        (wish("X-1"), "no closed invoice has the number X-1"),
        (wish(FIFTH), f"invoice {FIFTH} has nothing left to credit"),
        (wish("NEU-2026-000001", line_number=3, amount="1"), "has no line 3"),
        (
            wish("NEU-2026-000001", line_number=1, amount="49.01"),
            "line 1 has 49 EUR left to credit, not 49.01",
        ),
        (
            wish("NEU-2026-000001", line_number=1, amount="0.001"),
            "0.001 EUR is not a whole number of its smallest unit",
        ),
        (wish(YEN, line_number=1, amount="0.5"), "give at most 0 decimal places"),
        (wish("NEU-2026-000001", line_number=1, amount="-1"), "'-1' is not an amount to credit"),
        (wish("NEU-2026-000001", line_number=1, amount="0.00"), "is not an amount to credit"),
    ],
)
def test_what_can_not_be_credited_is_refused(
    credited: Warehouse, chosen: CreditWish, said: str
) -> None:
    before = read_as_admin(credited, NOTES)
    with pytest.raises(MeterhouseError, match=said):
        issue_credit_note(credited, chosen)
    assert read_as_admin(credited, NOTES) == before
    series = "select last_number from ops.credit_note_number_series"
    assert read_as_admin(credited, series) == [(3,)]


@pytest.mark.parametrize("table", ["fct_credit_notes", "fct_credit_note_lines"])
@pytest.mark.parametrize("login", [Role.FINANCE, Role.TRANSFORMER, None])
def test_notes_can_not_be_changed(credited: Warehouse, login: Role | None, table: str) -> None:
    engine = create_engine(credited.admin_url if login is None else credited.url(login))
    for statement in (
        f"update marts.{table} set customer_id = customer_id",
        f"delete from marts.{table}",
        f"truncate marts.{table}",
    ):
        with (
            pytest.raises(DBAPIError, match=r"append-only|permission denied"),
            engine.begin() as connection,
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()


def test_late_usage_of_a_voided_month_costs_the_difference(
    credited: Warehouse, clone: Callable[[Warehouse], Warehouse], tmp_path: Path
) -> None:
    warehouse = clone(credited)
    late = [event(f"late-{name}", name, "2026-09-30T00:00:00Z", 100) for name in ("c05", "c07")]
    land(warehouse, [write_lines(tmp_path / "late.jsonl", late)])
    build(warehouse, LOADS_ONLY)
    # 100 more at 0.005; what was voided for good stays so
    assert read_as_admin(warehouse, DRAFTED.format("c05")) == [("adjustment", "API calls", 100, 50)]
    assert read_as_admin(warehouse, DRAFTED.format("c07")) == [
        ("adjustment", "API calls", 7100, 4050),
        ("adjustment", "Base fee", 0, 4900),
    ]


def test_a_killed_note_leaves_nothing(
    credited: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    warehouse = clone(credited)
    arguments = (
        "run-operation",
        "issue_credit_note",
        "--args",
        f"{{invoice_number: {YEN}, reason: r, issued_by: a, issued_at: '{AT.isoformat()}'}}",
    )
    for point in ("credit_note.after_number", "credit_note.before_commit"):
        kill_at(warehouse, point, arguments, Role.FINANCE)
        assert len(read_as_admin(warehouse, NOTES)) == 3
    assert issue_credit_note(warehouse, wish(YEN)) == "NJP-CN-2026-000001"
    # 300 and 10 % of tax
    assert read_as_admin(warehouse, NOTES)[-1] == ("NJP-CN-2026-000001", "void", -330, 1)


def test_the_command(
    credited: Warehouse,
    clone: Callable[[Warehouse], Warehouse],
    environment_of: Callable[[Warehouse], dict[str, str]],
) -> None:
    environment = environment_of(clone(credited))

    def run(*arguments: str) -> tuple[int, str]:
        shown = CliRunner().invoke(app, arguments, env=environment)
        assert isinstance(shown.exception, (type(None), SystemExit, MeterhouseError))
        return shown.exit_code, str(shown.exception)

    chosen = ("credit-note", "NEU-2026-000001", "--reason", "a [bold] favour", "--who", "ada")
    assert run(*chosen, "--line", "1", "--amount", "0.50") == (0, "None")
    code, said = run(*chosen, "--line", "1")
    assert (code, "either a line and an amount" in said) == (1, True)
    assert run("invoice", "show", "NEU-2026-000001") == (0, "None")


def test_taxes_go_with_what_is_taken_off_to_the_cent(
    credited: Warehouse, clone: Callable[[Warehouse], Warehouse], tmp_path: Path
) -> None:
    """100.00 and 8.875 % of it, 8.88; the European entity bills nothing of closed months again."""
    warehouse = clone(credited)
    changed = catalog()
    changed["tax_rates"] = [
        {"legal_entity_id": "north_us", "country_code": "SE"}
        | {"rate_percent": "8.875", "valid_from": "2026-01-01"}
    ]
    changed["legal_entities"][0] |= {"late_usage_policy": "frozen"}  # type: ignore[index]  # a list
    install_catalog(warehouse, changed)
    build(warehouse, LOADS_ONLY)
    frozen = "select customer_id, amount_minor from reporting.rpt_late_usage_frozen"
    assert ("c03", 100) in read_as_admin(warehouse, frozen)
    assert read_as_admin(warehouse, DRAFTED.format("c03")) == []
    with pytest.raises(MeterhouseError, match="bills nothing of a closed month again"):
        issue_credit_note(warehouse, wish("NEU-2026-000003", is_billed_again=True))

    close_period(warehouse, legal_entity_id="north_us", period_start=SEPTEMBER, closed_at=AT)
    for amount in ("10", "10", None):
        line = 1 if amount else None
        issue_credit_note(warehouse, wish("NUS-2026-000001", line_number=line, amount=amount))
    # 0.888 is 0.89; 1.776 is 1.78, of which 0.89 is left; all is 8.88, of which 7.10 is left
    query = "select subtotal_minor, tax_minor, total_minor from marts.fct_credit_notes"
    found = read_as_admin(warehouse, f"{query} where currency_code = 'USD' order by 1 desc, 2 desc")
    assert sorted(found) == [(-8000, -710, -8710), (-1000, -89, -1089), (-1000, -89, -1089)]
    code, said = dbt(warehouse, "test", "--select", "assert_credit_notes_hold")
    assert code == 0, said
