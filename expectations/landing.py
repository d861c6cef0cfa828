"""Check one landed load against the expectations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, text

from expectations.load_queries import event_types_query, figures_query
from expectations.report import ExpectationOutcome, LandingReport, Severity
from expectations.settings import LandingThresholds
from expectations.suites.raw_usage_load import (
    KNOWN_EVENT_TYPES,
    event_types_suite,
    figure_bounds,
    figures_suite,
)
from warehouse import MeterhouseError, Role, Warehouse

if TYPE_CHECKING:
    from great_expectations import ExpectationSuite
    from great_expectations.datasource.fluent import PostgresDatasource

READER = Role.TRANSFORMER
CONNECT_OPTIONS = {"options": "-c timezone=UTC", "application_name": "meterhouse:expectations"}


def check_landing(
    warehouse: Warehouse,
    load_id: int,
    *,
    as_of: datetime,
    thresholds: LandingThresholds | None = None,
) -> LandingReport:
    """Checks what one load brought: volume, freshness, known types, ranges, shares, repeats.

    The cost follows the size of the load, not of what is already in the warehouse.

    Args:
        warehouse: The warehouse.
        load_id: A landed load.
        as_of: The instant that freshness is measured to; it carries its zone.
        thresholds: The bounds; from the environment when not given.

    Returns:
        One outcome per expectation. A failed expectation is an outcome, never an error.

    Raises:
        MeterhouseError: There is no such load, or it has not landed.
        ValueError: `as_of` carries no zone.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of carries no zone")
    thresholds = thresholds or LandingThresholds()
    engine = warehouse.engine(READER)
    _require_landed(engine, load_id)
    catalog_version, known = _newest_catalog(engine)
    with _datasource(warehouse) as datasource:
        figures = _validated(
            datasource,
            figures_query(load_id, catalog_version=catalog_version, as_of=as_of),
            figures_suite(thresholds),
        )
        types = _validated(datasource, event_types_query(load_id), event_types_suite(known))
    outcomes = [
        ExpectationOutcome(
            name=bound.name,
            severity=bound.severity,
            success=bool(figures[bound.name]["success"]),
            observed=int(figures[bound.name]["result"]["observed_value"]),
            expected=bound.expected,
        )
        for bound in figure_bounds(thresholds)
    ]
    return LandingReport(
        load_id=load_id, results=(*outcomes, _event_type_outcome(types[KNOWN_EVENT_TYPES]))
    )


def _event_type_outcome(result: Mapping[str, Any]) -> ExpectationOutcome:
    found = result["result"]
    return ExpectationOutcome(
        name=KNOWN_EVENT_TYPES,
        severity=Severity.WARNING,
        success=bool(result["success"]),
        observed=int(found["unexpected_count"] or 0),  # null for a load without events
        expected="0 event types that no meter of the newest catalog names",
        examples=tuple(str(value) for value in found["partial_unexpected_list"]),
    )


def _require_landed(engine: Engine, load_id: int) -> None:
    query = text("select state from ops.loads where load_id = :load_id")
    with engine.connect() as connection:
        state = connection.execute(query, {"load_id": load_id}).scalar()
    if state is None:
        raise MeterhouseError(f"There is no load {load_id}.", remedy="look into ops.loads")
    if state != "landed":
        raise MeterhouseError(
            f"Load {load_id} is {state}, not landed.", remedy="run the load again, then check it"
        )


def _newest_catalog(engine: Engine) -> tuple[int, Sequence[str]]:
    """Returns the newest landed catalog version (0: none) and the event types its meters name."""
    newest = text("select max(catalog_version) from ops.catalog_versions where state = 'landed'")
    meters = text("select event_type from raw_catalog.meters where catalog_version = :version")
    with engine.connect() as connection:
        version = connection.execute(newest).scalar() or 0
        types = connection.execute(meters, {"version": version}).scalars().all()
    return version, sorted(set(types))


@contextmanager
def _datasource(warehouse: Warehouse) -> Iterator[PostgresDatasource]:
    """Opens a datasource of a context that keeps nothing and reports to nobody."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    context = gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            analytics_enabled=False,
            progress_bars=ProgressBarsConfig(globally=False),
        ),
    )
    datasource = context.data_sources.add_postgres(
        "warehouse",
        connection_string=warehouse.url(READER).render_as_string(hide_password=False),
        create_temp_table=False,
        kwargs={"connect_args": CONNECT_OPTIONS},
    )
    try:
        yield datasource
    finally:
        datasource.get_engine().dispose()


def _validated(
    datasource: PostgresDatasource, query: str, suite: ExpectationSuite
) -> dict[str, Mapping[str, Any]]:
    """Runs a suite on a query and returns the results by the expectations' names."""
    asset = datasource.add_query_asset(suite.name, query=query)
    batch = asset.add_batch_definition_whole_table("load").get_batch()
    validated = batch.validate(suite, result_format="SUMMARY")
    return {
        result.expectation_config.meta["name"]: result.to_json_dict()
        for result in validated.results
    }
