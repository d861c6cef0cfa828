"""Writes down what was decided about deliveries in quarantine; nothing is ever deleted."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, text

from ingestion.outages import outlast_outages
from ingestion.quarantine.candidates import Candidate
from ingestion.quarantine.deliveries import DISCARDED, OPEN, REPLAYED, DeliveryKey, Selection
from ingestion.quarantine.held import read_held, reading
from ingestion.rejections import keep_raw_text
from ingestion.settings import IngestionSettings
from ingestion.turns import taking_turns
from warehouse import MeterhouseError, Problem, Role, Warehouse
from warehouse.crash_points import crash_point

STEP = 10_000


def require_reason(*, who: str, why: str) -> None:
    """Refuses a decision that nobody made, or that has no reason.

    Args:
        who: Who decides.
        why: Why.

    Raises:
        MeterhouseError: One of them is empty.
    """
    if not who.strip() or not why.strip():
        raise MeterhouseError(
            "A decision about a delivery needs who made it, and why.",
            remedy="give both: --who 'Ada' --why 'the meter sent it twice'",
        )


def discard(warehouse: Warehouse, selection: Selection, *, who: str, why: str) -> int:
    """Gives up open deliveries for good; they stay in quarantine, as discarded.

    Args:
        warehouse: The warehouse.
        selection: Which ones; of them those that are open.
        who: Who decides.
        why: Why.

    Returns:
        How many were discarded.

    Raises:
        MeterhouseError: A delivery that was named is not open, or nobody says who and why.
    """
    return _decide(warehouse, selection, action="discard", state=OPEN, who=who, why=why)


def restore(warehouse: Warehouse, selection: Selection, *, who: str, why: str) -> int:
    """Takes discarded deliveries back into the open ones.

    Args:
        warehouse: The warehouse.
        selection: Which ones; of them those that are discarded.
        who: Who decides.
        why: Why.

    Returns:
        How many are open again.

    Raises:
        MeterhouseError: A delivery that was named is not discarded, or nobody says who and why.
    """
    return _decide(warehouse, selection, action="restore", state=DISCARDED, who=who, why=why)


def refuse_other_states(connection: Connection, selection: Selection, *, state: str) -> None:
    """Refuses deliveries that are named one by one and are not in the state that is needed.

    Args:
        connection: From `held.reading`.
        selection: Which ones; only its keys matter.
        state: The state.

    Raises:
        MeterhouseError: Names each, with the remedy.
    """
    if not selection.keys:
        return
    chosen = Selection(keys=selection.keys)
    found = read_held(connection, chosen, limit=len(selection.keys))
    states = {delivery.key: delivery for delivery in found}
    problems = []
    for key in selection.keys:
        delivery = states.get(key)
        if delivery is None:
            problems.append(Problem(f"{key} is not in quarantine", "see quarantine list, trace"))
        elif delivery.state != state:
            remedy = {
                DISCARDED: "quarantine restore opens it again",
                REPLAYED: f"it came again as {delivery.replay_key}",
                OPEN: "nothing was decided about it",
            }[delivery.state]
            problems.append(Problem(f"{key} is {delivery.state}", remedy))
    if problems:
        raise MeterhouseError(
            f"{len(problems)} of the named deliveries are not {state}; nothing was done.",
            problems=problems,
        )


def record_replays(
    connection: Connection, candidates: Sequence[Candidate], *, load_id: int, who: str, why: str
) -> None:
    """Writes, in the transaction of a load, which deliveries it brings again.

    Args:
        connection: The transaction.
        candidates: What the load holds.
        load_id: The load.
        who: Who decided.
        why: Why.

    Raises:
        MeterhouseError: One of them is no longer open.
    """
    crash_point("replay.before_record")
    texts = [
        keep_raw_text(item.line) if item.is_changed and item.line is not None else None
        for item in candidates
    ]
    written = connection.execute(
        _RECORD,
        {
            **_columns([item.held.key for item in candidates]),
            "action": "replay",
            "who": who,
            "why": why,
            "state": OPEN,
            "replay_load_id": load_id,
            "replays": [item.replay_delivery_id for item in candidates],
            "texts": texts,
        },
    )
    if len(written.all()) != len(candidates):
        raise MeterhouseError(
            "Something else was decided about these deliveries meanwhile; nothing was replayed.",
            remedy="run the same command again",
        )
    crash_point("replay.after_record")


def _decide(
    warehouse: Warehouse, selection: Selection, *, action: str, state: str, who: str, why: str
) -> int:
    require_reason(who=who, why=why)
    chosen = Selection(**{**vars(selection), "states": (state,)})
    decision = {"action": action, "who": who, "why": why, "state": state, "replay_load_id": None}
    written: list[int] = []

    def decide() -> None:
        with taking_turns(warehouse), reading(warehouse) as connection:
            # the reply to the last attempt's COMMIT may have been lost, and only that
            if written and connection.execute(_IS_WRITTEN, {"first": written[0]}).scalar_one():
                return
            written.clear()
            refuse_other_states(connection, selection, state=state)
            after = None
            while found := read_held(connection, chosen, limit=STEP, after=after):
                after = found[-1].key
                nothing = {"replays": [None] * len(found), "texts": [None] * len(found)}
                keys = _columns([delivery.key for delivery in found])
                written.extend(
                    connection.execute(_RECORD, {**keys, **nothing, **decision}).scalars()
                )
            crash_point("quarantine.before_commit")
            connection.commit()

    seconds = IngestionSettings().outage_seconds
    outlast_outages(warehouse.engine(Role.LOADER), decide, seconds=seconds)
    return len(written)


def _columns(keys: Sequence[DeliveryKey]) -> dict[str, object]:
    return {
        "loads": [key.load_id for key in keys],
        "deliveries": [key.delivery_id for key in keys],
    }


_RECORD = text("""
    insert into ops.quarantine_resolutions
        (load_id, delivery_id, action, who, why, replay_load_id, replay_delivery_id, edited_text)
    select states.load_id, states.delivery_id, :action, :who, :why, cast(:replay_load_id as bigint),
        decided.replay_delivery_id, decided.edited_text
    from unnest(
        cast(:loads as bigint[]), cast(:deliveries as text[]), cast(:replays as text[]),
        cast(:texts as text[])
    ) as decided (load_id, delivery_id, replay_delivery_id, edited_text)
    inner join intermediate.int_quarantine_states as states
        on states.load_id = decided.load_id and states.delivery_id = decided.delivery_id
    where states.state = :state
    order by states.load_id, states.delivery_id
    returning resolution_id
""")
_IS_WRITTEN = text(
    "select exists (select from ops.quarantine_resolutions where resolution_id = :first)"
)
