"""Running one of our jobs in this process, recorded in the Dagster instance like any other run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg

from orchestration.definitions import definitions
from orchestration.defs.ingestion import DOORS_CHECK
from orchestration.defs.quality import LANDING_CHECK
from warehouse import MeterhouseError, Problem

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


class JobRunner:
    """Runs jobs one after another; loads the code location once.

    The environment must name the instance (see `orchestration.instance`).
    """

    def __init__(self) -> None:
        self._definitions: dg.Definitions = definitions()

    def run(self, job_name: str, *, ops: Mapping[str, Mapping[str, Any]] | None = None) -> str:
        """Runs a job and waits for its end.

        Args:
            job_name: Name of the job.
            ops: Configuration of each step, by the step's name.

        Returns:
            The id of the run.

        Raises:
            MeterhouseError: A step failed; where the step said why, that is the error.
        """
        steps = {name: {"config": dict(config)} for name, config in (ops or {}).items()}
        with dg.DagsterInstance.get() as instance:
            _keep_connections(instance)
            result = self._definitions.resolve_job_def(job_name).execute_in_process(
                instance=instance,
                run_config={"ops": steps, **QUIET},
                raise_on_error=False,
                tags={"meterhouse/started_by": "command line"},
            )
            failed = _failed_checks(result)
            if failed:
                raise MeterhouseError(
                    f"The job '{job_name}' did its work, but what it checked is not as expected.",
                    problems=failed,
                    remedy=f"docs/runbook.md; run {result.run_id[:8]} in the Dagster UI has it all",
                )
            if not result.success:
                raise _failure_of(result, job_name)
            return result.run_id


def _keep_connections(instance: dg.DagsterInstance) -> None:
    """Lets the run history keep its connections; as it comes, each event opens some anew."""
    instance.optimize_for_webserver(statement_timeout=0, pool_recycle=-1, max_overflow=20)


def _failed_checks(result: dg.ExecuteInProcessResult) -> list[Problem]:
    """Finds the asset checks that failed, less those that only warn."""
    return [
        Problem(
            message=check.description or "failed",
            field=f"{check.asset_key.path[-1]}: {check.check_name}",
        )
        for check in result.get_asset_check_evaluations()
        if not check.passed
        and check.severity is dg.AssetCheckSeverity.ERROR
        and check.check_name in (LANDING_CHECK, DOORS_CHECK)
    ]


def _failure_of(result: dg.ExecuteInProcessResult, job_name: str) -> MeterhouseError:
    """Finds what the failed step said; a MeterhouseError's own words where it raised one."""
    for event in result.filter_events(lambda event: event.is_step_failure):
        error = event.step_failure_data.error
        while error is not None:
            if error.cls_name == MeterhouseError.__name__ or _is_ours(error.cls_name):
                return MeterhouseError(_without_prefix(error.message))
            if error.cause is None:
                break
            error = error.cause
        if error is not None:
            return MeterhouseError(
                f"The job '{job_name}' failed: {_without_prefix(error.message)}",
                remedy=f"look at run {result.run_id[:8]} in the Dagster UI (./meterhouse up)",
            )
    return MeterhouseError(f"The job '{job_name}' failed without a message.")


def _is_ours(class_name: str | None) -> bool:
    """Whether a class of this name is a kind of MeterhouseError."""
    found = {kind.__name__ for kind in _kinds(MeterhouseError)}
    return class_name in found


def _kinds(kind: type) -> list[type]:
    return [kind, *(deeper for below in kind.__subclasses__() for deeper in _kinds(below))]


def _without_prefix(message: str) -> str:
    """Removes the class name that Dagster puts before an error's message."""
    first, separator, rest = message.partition(": ")
    return rest.strip() if separator and first.replace(".", "").isidentifier() else message.strip()
