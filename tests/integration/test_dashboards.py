"""Every page on a billed company, on an empty warehouse, before the first build, without one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from dashboards.formatting import NOTHING
from dashboards.queries import load_freshness
from ingestion.quarantine.deliveries import Selection
from ingestion.quarantine.resolving import discard
from tests import billed_company as company
from warehouse import Role, Warehouse

APP = Path(__file__).resolve().parents[2] / "dashboards" / "app.py"
PAGES = ("overview", "usage", "invoices", "quarantine")
NO_SERVER = "postgresql://nobody:x@127.0.0.1:1/none"

Open = Callable[..., AppTest]


@pytest.fixture
def open_page(read_from: Callable[[Warehouse | str], None]) -> Open:
    """Opens a page of the app on a warehouse, with an address' parameters."""

    def open_(warehouse: Warehouse | str, page: str, /, **parameters: str) -> AppTest:
        read_from(warehouse)
        app = AppTest.from_file(str(APP), default_timeout=60)
        if page == "overview":
            app.query_params.update(parameters)
            app.run()
        else:
            app.run()
            app.query_params.update(parameters)
            app.switch_page(f"app_pages/{page}.py").run()
        assert not app.exception
        return app

    return open_


def shown_text(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.error, *app.info, *app.subheader, *app.header]
    return "\n".join(str(element.value) for element in elements)


def badges(app: AppTest) -> str:
    return " ".join(str(element.value) for element in app.markdown)


def metrics(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def scalar(warehouse: Warehouse, query: str) -> object:
    with warehouse.engine(Role.REPORTER).connect() as connection:
        return connection.execute(text(query)).scalar_one()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_a_database_says_so(open_page: Open, page: str) -> None:
    app = open_page(NO_SERVER, page)
    assert "can't be reached" in app.error[0].value
    assert [button.label for button in app.button] == ["Try again"]
    assert "Traceback" not in shown_text(app)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_before_the_first_build_says_so(
    open_page: Open, warehouse: Warehouse, page: str
) -> None:
    app = open_page(warehouse, page)
    assert "reporting views are not there yet" in app.error[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_an_empty_warehouse_says_what_to_do(
    open_page: Open, deployed: Warehouse, page: str
) -> None:
    app = open_page(deployed, page)
    assert "No usage has been loaded yet" in shown_text(app)
    assert not app.error


def test_a_page_comes_back_when_the_database_does(
    open_page: Open, read_from: Callable[[Warehouse | str], None], billed_company: Warehouse
) -> None:
    app = open_page(NO_SERVER, "overview")
    read_from(billed_company)
    app.button(key="try_again").click().run()
    assert not app.error
    assert app.metric


@pytest.mark.parametrize("page", PAGES)
def test_every_page_tells_how_new_its_data_is(
    open_page: Open, billed_company: Warehouse, page: str
) -> None:
    shown = badges(open_page(billed_company, page))
    as_of = scalar(
        billed_company,
        "select to_char(data_as_of, 'YYYY-MM-DD HH24:MI') from reporting.rpt_data_freshness",
    )
    assert f"Data as of {as_of} UTC" in shown
    assert "1 load pending" in shown


def test_overview_shows_the_newest_month_and_its_change(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "overview")
    shown = metrics(app)
    assert shown["Total"] == "841.50 EUR"
    assert shown["Invoices"] == shown["Customers billed"] == "12"
    # twelve of usage, three of seats
    assert shown["Accepted events"] == "15"
    assert app.metric[0].delta == "-196.50"
    assert "Draft, still moving" in shown_text(app)
    assert len(app.get("plotly_chart")) == 2


def test_overview_shows_the_month_and_currency_of_its_address(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "overview", currency="JPY", month="2026-09")
    assert metrics(app)["Total"] == "300 JPY"
    app = open_page(billed_company, "overview", currency="EUR", month="2026-09")
    assert metrics(app)["Total"] == "1,038.00 EUR"
    months = app.dataframe[0].value
    assert list(months["Invoiced"]) == ["0.00", "1,038.00"]
    assert list(months["Drafted"]) == ["841.50", "0.00"]
    assert list(months["Of which adjustments"]) == ["1.00", "0.00"]


def test_overview_accounts_for_every_delivery(open_page: Open, billed_company: Warehouse) -> None:
    app = open_page(billed_company, "overview")
    assert "**33 received** = 29 accepted + 1 duplicate + 3 quarantined" in shown_text(app)
    fates = app.dataframe[1].value
    assert set(fates["Reason"]) >= {"conflicting duplicate", "unknown customer"}


def test_usage_is_exact_and_groups_what_is_small(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "usage")
    shown = metrics(app)
    assert shown["Total calls"] == "117,300"
    assert shown["Customers with usage"] == "13"
    groups = app.dataframe[0].value
    assert list(groups["Customer"])[:2] == ["Customer 12 (c12)", "Customer 11 (c11)"]
    assert list(groups["Quantity (calls)"])[:2] == ["18,000", "16,500"]
    assert len(groups) == 13
    assert "the 9 largest, all others together" in shown_text(app)


def test_usage_follows_its_address(open_page: Open, billed_company: Warehouse) -> None:
    app = open_page(billed_company, "usage", customer="Customer 3 (c03)", group="model")
    assert metrics(app)["Total calls"] == "4,700"
    assert list(app.dataframe[0].value["Model"]) == ["large"]


def test_usage_of_a_peak_meter_is_its_highest_value(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "usage", meter="Seats (seats)")
    assert metrics(app)["Highest seats"] == "7.5"


def test_usage_without_a_match_offers_a_way_back(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "usage", customer="Hudson Line (u01)")
    assert "No usage for these filters" in shown_text(app)
    app.button[0].click().run()
    assert metrics(app)["Total calls"] == "117,300"


def test_invoices_are_paged_and_summed_by_currency(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "invoices")
    assert len(app.dataframe[0].value) == 25
    assert "**1,879.50 EUR**" in shown_text(app)
    assert "in 12 invoices and 12 drafts" in shown_text(app)
    assert "**300 JPY**" in shown_text(app)
    app = open_page(billed_company, "invoices", page="2")
    rest = scalar(billed_company, "select count(*) - 25 from reporting.rpt_invoice_register")
    assert len(app.dataframe[0].value) == rest


def test_invoices_are_filtered_by_their_address(open_page: Open, billed_company: Warehouse) -> None:
    chosen = {"status": "Closed", "period": "2026-09", "invoice_currency": "EUR"}
    app = open_page(billed_company, "invoices", **chosen, sort="Largest amount")
    rows = app.dataframe[0].value
    assert list(rows["Total"])[:2] == ["114.00", "109.00"]
    assert sorted(rows["Number"]) == [f"NEU-2026-{n:06}" for n in range(1, 13)] or len(rows) == 12
    app = open_page(billed_company, "invoices", **chosen, customer="Hudson Line (u01)")
    assert "No invoice for these filters" in shown_text(app)
    app.button[0].click().run()
    assert len(app.dataframe[0].value) == 25


def invoice_key(warehouse: Warehouse, customer_id: str, period: object) -> str:
    query = (
        "select invoice_key from reporting.rpt_invoice_register"
        f" where customer_id = '{customer_id}' and period_start = '{period}'"
    )
    return str(scalar(warehouse, query))


def test_an_invoice_is_explained_down_to_its_tiers(
    open_page: Open, billed_company: Warehouse
) -> None:
    key = invoice_key(billed_company, "c02", company.SEPTEMBER)
    app = open_page(billed_company, "invoices", invoice=key)
    assert metrics(app)["Total"] == "64.00 EUR"
    assert "2 lines add up to 64.00 EUR" in badges(app)
    assert ":green-badge" in badges(app)
    assert ":red-badge" not in badges(app)
    lines, *steps = (frame.value for frame in app.dataframe)
    assert list(lines["Amount (EUR)"]) == ["49.00", "15.00"]
    tiers = steps[-1]
    assert list(tiers["Step"]) == ["First 1,000 (up to 1,000)", "Next 1,000"]
    assert list(tiers["Unit price"]) == ["0.01", "0.005"]
    assert list(tiers["Comes to (EUR)"]) == ["10.00", "5.00"]


def test_an_adjustment_shows_its_own_service_period(
    open_page: Open, billed_company: Warehouse
) -> None:
    key = invoice_key(billed_company, "c03", company.OCTOBER)
    app = open_page(billed_company, "invoices", invoice=key)
    assert metrics(app)["Of which adjustments of earlier months"] == "1.00 EUR"
    assert "Adjustment for 2026-09-01 to 2026-09-30" in shown_text(app)
    lines = app.dataframe[0].value
    adjustment = lines[lines["Kind"] == "Adjustment"]
    assert list(adjustment["Amount (EUR)"]) == ["1.00"]
    assert list(adjustment["Service period"]) == ["2026-09-01 to 2026-09-30"]


def test_an_invoice_shows_the_way_from_its_lines_to_the_total(
    open_page: Open, billed_company: Warehouse
) -> None:
    key = invoice_key(billed_company, "j01", company.SEPTEMBER)
    app = open_page(billed_company, "invoices", invoice=key)
    assert metrics(app)["Total"] == "300 JPY"
    assert "1 line adds up to 300 JPY" in badges(app)
    assert "lines, taxes and credits come to 300 JPY" in badges(app)
    assert ":red-badge" not in badges(app)
    totals = app.dataframe[1].value
    assert list(totals["What"]) == ["Lines", "Tax of 10 %", "Prepaid credit: Welcome", "Total"]
    assert list(totals["On"]) == [NOTHING, "300", NOTHING, NOTHING]
    assert list(totals["Amount (JPY)"]) == ["300", "30", "-30", "300"]


def test_an_unknown_invoice_is_told(open_page: Open, billed_company: Warehouse) -> None:
    app = open_page(billed_company, "invoices", invoice="' or true --")
    assert "There is no such invoice" in shown_text(app)
    app.button[0].click().run()
    assert app.dataframe


def test_quarantine_shows_reasons_states_and_raw_text(
    open_page: Open, billed_company: Warehouse
) -> None:
    app = open_page(billed_company, "quarantine")
    reasons, rows, conflicts = (frame.value for frame in app.dataframe)
    assert list(reasons["Open"]) == ["1", "1", "1"]
    assert set(reasons["Discarded"]) == {"0"}
    assert len(rows) == 3
    assert set(rows["State"]) == {"Open"}
    assert '{"event_id": "cut off' in set(rows["Raw text"])
    assert list(conflicts["Differs in"]) == ["quantity"]
    assert list(conflicts["Accepted quantity"] + " " + conflicts["Later quantity"]) == ["2,000 1"]
    app = open_page(billed_company, "quarantine", reason="unknown customer")
    assert list(app.dataframe[1].value["Customer"]) == ["nobody"]
    assert len(app.dataframe) == 2


def test_a_decision_shows_at_once(
    open_page: Open, billed_company: Warehouse, clone: Callable[[Warehouse], Warehouse]
) -> None:
    warehouse = clone(billed_company)
    assert "Ada" not in str(open_page(warehouse, "quarantine").dataframe[1].value)
    chosen = Selection(reasons=("unknown_customer",))
    assert discard(warehouse, chosen, who="Ada", why="a test") == 1
    load_freshness.clear()  # it is read anew every ten seconds; everything else by its version
    app = open_page(warehouse, "quarantine", reason="unknown customer")
    assert list(app.dataframe[0].value["Discarded"]) == ["0", "0", "1"]
    assert list(app.dataframe[1].value["Decided"]) == ["Ada: a test"]
