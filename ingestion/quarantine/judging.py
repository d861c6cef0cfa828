"""Asks the models that admit what they would do with candidates, and takes the question back.

The candidates become a load and its rows inside a transaction that is always rolled back, so that
the rule is the one of admission and has no second home.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection, text

from ingestion.quarantine.candidates import Candidate, judge_lines


@dataclass(frozen=True)
class Judgement:
    """What would become of a candidate now.

    Attributes:
        candidate: The candidate.
        fate: `accepted`, `duplicate` or `quarantined`.
        reason: Why, for a quarantined one: a reason of quarantine, or `not_readable` where there is
            no line to judge.
        detail: The reason in words.
    """

    candidate: Candidate
    fate: str
    reason: str = ""
    detail: str = ""

    @property
    def is_admitted(self) -> bool:
        """Whether it would leave the quarantine."""
        return self.fate != "quarantined"


def count_judgements(judgements: Sequence[Judgement]) -> Counter[str]:
    """Counts judgements by fate, and quarantined ones by reason.

    Args:
        judgements: The judgements.

    Returns:
        `accepted`, `duplicate`, or the reason, to number of candidates.
    """
    return Counter(item.fate if item.is_admitted else item.reason for item in judgements)


def judge(connection: Connection, candidates: Sequence[Candidate]) -> list[Judgement]:
    """Judges candidates as admission would now, in their order.

    Args:
        connection: From `held.reading`, outside any transaction; what is written is rolled back.
        candidates: The candidates; of two with one event id, the earlier counts as the first.

    Returns:
        One judgement per candidate, in the same order.
    """
    legible = [item for item in candidates if item.line is not None]
    verdicts = judge_lines(legible, load_id=0)
    judged: dict[str, Judgement] = {}
    for row in verdicts.rejected.to_pylist():
        candidate = legible[row["line_number"] - 1]
        judged[candidate.replay_delivery_id] = Judgement(
            candidate, "quarantined", row["reason"], row["detail"]
        )
    if verdicts.events.num_rows:
        for row in _ask(connection, verdicts.events):
            candidate = legible[row.line_number - 1]
            judged[candidate.replay_delivery_id] = Judgement(
                candidate, row.fate, row.reason or "", row.detail or ""
            )
    return [
        judged.get(item.replay_delivery_id)
        or Judgement(item, "quarantined", "not_readable", item.refusal)
        for item in candidates
    ]


def _ask(connection: Connection, events: pa.Table) -> list[object]:
    try:
        load_id = connection.execute(_OPEN, {"count": events.num_rows}).scalar_one()
        column = events.schema.get_field_index("load_id")
        numbers = pa.repeat(pa.scalar(load_id, pa.int64()), events.num_rows)
        _copy(connection, events.set_column(column, events.schema.field(column), numbers))
        pending = list(connection.execute(_PENDING).scalars())
        return list(connection.execute(_JUDGE, {"load_id": load_id, "pending": pending}))
    finally:
        connection.rollback()


def _copy(connection: Connection, events: pa.Table) -> None:
    out = io.StringIO()
    csv.writer(out).writerows(
        [value.isoformat() if name == "occurred_at" else value for name, value in row.items()]
        for row in events.to_pylist()
    )
    out.seek(0)
    names = ", ".join(events.column_names)
    with connection.connection.cursor() as cursor:
        cursor.copy_expert(f"copy raw_usage.events ({names}) from stdin (format csv)", out)


_OPEN = text(
    "insert into ops.loads (state, source, mapping_name, mapping_sha256, received_count,"
    " event_count, rejected_count, landed_at)"
    " values ('landed', 'replay', 'native', '', :count, :count, 0, now()) returning load_id"
)
_PENDING = text("""
    select load_id from ops.loads
    where state = 'landed' and not exists (
        select from ops.applied_loads
        where model_name = 'fct_usage_events' and applied_loads.load_id = loads.load_id
    )
""")
# what has landed and waits for a build comes first, in the order in which admission takes it
_JUDGE = text("""
    with asked as (
        select line_number, customer_id, event_id, quarantine_reason, quarantine_detail
        from intermediate.int_usage_events_judged
        where load_id = :load_id
    ),
    waiting as (
        select judged.*,
            first_value(judged.load_id) over same_event as first_load_id,
            first_value(judged.delivery_id) over same_event as first_delivery_id,
            first_value(judged.payload_hash) over same_event as first_hash,
            first_value(judged.occurred_at) over same_event as first_occurred_at
        from intermediate.int_usage_events_judged as judged
        inner join (select distinct customer_id, event_id from asked) as identities
            on judged.customer_id = identities.customer_id
            and judged.event_id = identities.event_id
        where judged.load_id = any(:pending) and judged.quarantine_reason is null
        window same_event as (
            partition by judged.customer_id, judged.event_id
            order by judged.load_id, judged.file_number, judged.line_number, judged.delivery_id
        )
    ),
    known as (
        select waiting.*, registry.delivery_id as accepted_delivery_id,
            registry.payload_hash as accepted_hash,
            coalesce(revisions.payload_hash, registry.payload_hash) as same_hash,
            not (waiting.occurred_at at time zone allowed.billing_time_zone)::date
                <@ allowed.closed_days
            and not exists (
                select from ops.event_voids as voids
                where voids.event_key_high = waiting.event_key_high
                    and voids.event_key_low = waiting.event_key_low
                    and voids.customer_id = waiting.customer_id
            )
            and not (
                coalesce(standing.occurred_at, waiting.first_occurred_at)
                at time zone allowed.billing_time_zone
            )::date <@ allowed.closed_days as is_revision
        from waiting
        left join ops.event_registry as registry
            on registry.event_key_high = waiting.event_key_high
            and registry.event_key_low = waiting.event_key_low
            and registry.customer_id = waiting.customer_id
        left join intermediate.int_revisions_allowed as allowed
            on allowed.customer_id = waiting.customer_id
        left join ops.event_revisions as revisions
            on revisions.event_key_high = waiting.event_key_high
            and revisions.event_key_low = waiting.event_key_low
            and revisions.customer_id = waiting.customer_id
            and revisions.payload_hash = waiting.payload_hash
        left join lateral (
            select facts.occurred_at from marts.fct_usage_events as facts
            where allowed.customer_id is not null and facts.customer_id = waiting.customer_id
                and facts.event_id = waiting.event_id
                and facts.load_id = any(array(
                    select registry.load_id
                    union all
                    select earlier.load_id from ops.event_revisions as earlier
                    where earlier.event_key_high = waiting.event_key_high
                        and earlier.event_key_low = waiting.event_key_low
                        and earlier.customer_id = waiting.customer_id
                ))
            limit 1
        ) as standing on true
        where waiting.load_id = :load_id
    )
    select line_number, 'quarantined' as fate, quarantine_reason as reason,
        quarantine_detail as detail
    from asked where quarantine_reason is not null
    union all
    select line_number,
        case
            when accepted_hash is not null then case
                when payload_hash = same_hash then 'duplicate'
                when is_revision then 'accepted' else 'quarantined' end
            when first_load_id = load_id and first_delivery_id = delivery_id then 'accepted'
            when payload_hash = first_hash then 'duplicate'
            when is_revision then 'accepted'
            else 'quarantined'
        end,
        'conflicting_duplicate',
        'first delivered as ' || coalesce(accepted_delivery_id, first_delivery_id)
    from known
""")
