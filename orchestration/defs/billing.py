"""Closing a month and exporting invoices."""

from pathlib import Path

import dagster as dg

from exports import export_invoices
from orchestration.closing import PeriodToClose, Waiver, close_periods, legal_entities
from orchestration.periods import instant, month_start
from orchestration.resources import WarehouseResource
from orchestration.settings import OrchestrationSettings
from warehouse import MeterhouseError
from warehouse.progress import progress

CLOSED_TABLES = (
    "fct_invoices",
    "fct_invoice_lines",
    "fct_invoice_line_tiers",
    "fct_invoice_taxes",
    "fct_invoice_line_taxes",
    "fct_credit_applications",
)
EXPORTED = dg.AssetKey(["exports", "invoices"])


class Period(dg.Config):
    """Which month to close.

    Attributes:
        period: The month, as YYYY-MM.
        closed_at: Instant of closing, ISO 8601 with a zone; empty: the current time.
        legal_entity_id: Who issues; empty: every legal entity.
        waive_parked: Why parked customers are left out; empty: they stand against the close.
        who: Who decides that they are.
    """

    period: str
    closed_at: str = ""
    legal_entity_id: str = ""
    waive_parked: str = ""
    who: str = "an operator"


class ExportRequest(dg.Config):
    """Which invoices to export.

    Attributes:
        period: The month, as YYYY-MM; empty: all.
        legal_entity_id: Who issues; empty: every legal entity.
        include_drafts: Whether invoices that are not closed are exported too.
        directory: Target folder; empty: the one of the settings.
    """

    period: str = ""
    legal_entity_id: str = ""
    include_drafts: bool = False
    directory: str = ""


@dg.op(pool="issue_invoices")
def close_month(
    context: dg.OpExecutionContext, config: Period, warehouse: WarehouseResource
) -> None:
    """Closes a month for one or every legal entity; a closed one is left as it is."""
    opened = warehouse.open()
    start, closed_at = month_start(config.period), instant(config.closed_at)
    entities = [config.legal_entity_id] if config.legal_entity_id else legal_entities(opened)
    if not entities:
        raise MeterhouseError(
            "There is no catalog yet, so nobody who issues invoices.",
            remedy="land one: ./meterhouse catalog DIRECTORY",
        )
    waiver = Waiver(config.who, config.waive_parked) if config.waive_parked.strip() else None
    with progress().task(
        f"Closing {config.period}", total=len(entities), unit="legal entities"
    ) as task:
        periods = [PeriodToClose(entity, start, closed_at, waiver) for entity in entities]
        for report in close_periods(opened, periods):
            entity = report.legal_entity_id
            task.advance(1)
            said = "was closed before, nothing done" if report.was_closed_before else "closed"
            progress().note(
                f"{entity} {config.period}: {said}; {report.invoice_count} invoices, "
                f"{report.line_count} lines"
            )
            for table in CLOSED_TABLES:
                context.log_event(
                    dg.AssetMaterialization(
                        ["marts", table],
                        description=f"{entity} {config.period}: {said}",
                        metadata={
                            "invoices": report.invoice_count,
                            "lines": report.line_count,
                            "closed_at": report.closed_at.isoformat(),
                        },
                    )
                )


@dg.job
def close() -> None:
    """Closes a billing month: gates, copy, number, freeze."""
    close_month()


@dg.asset(
    key=EXPORTED,
    deps=[
        dg.AssetKey(["reporting", "rpt_invoice_register"]),
        dg.AssetKey(["reporting", "rpt_invoice_lines"]),
    ],
    group_name="exports",
    kinds={"csv", "parquet"},
)
def exported_invoices(
    config: ExportRequest, warehouse: WarehouseResource
) -> dg.MaterializeResult[None]:
    """Writes invoices and their lines as CSV and Parquet with a manifest."""
    directory = Path(config.directory) if config.directory else OrchestrationSettings().exports
    report = export_invoices(
        warehouse.open(),
        period_start=month_start(config.period) if config.period else None,
        legal_entity_id=config.legal_entity_id or None,
        directory=directory,
        include_drafts=config.include_drafts,
    )
    return dg.MaterializeResult(
        metadata={
            "directory": dg.MetadataValue.path(str(report.directory)),
            "invoices": report.invoice_count,
            "lines": report.line_count,
        }
    )
