"""Group commit: batches that come in together are judged, written and made durable together."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingestion.collector.answers import Answer, Exceptional, Idempotency, KeptAnswer, Outcome
from ingestion.collector.batches import EventLines
from ingestion.collector.faults import RequestFaultError, refuse_for_now
from ingestion.collector.judging import Judgement, judge_lines
from ingestion.collector.keys import ApiKey
from ingestion.collector.metrics import Metrics
from ingestion.collector.spool import Spool
from warehouse.crash_points import crash_point

if TYPE_CHECKING:
    from ingestion.collector.event_topic import EventTopic

GROUP_EVENTS = 5000
GROUP_BYTES = 8 << 20
_IDLE_SECONDS = 1
_RETRY_SECONDS = 5
_LOG = logging.getLogger(__name__)


@dataclass
class Submission:
    """A batch on its way into the spool.

    Attributes:
        events: Its lines.
        key: The API key that it came with.
        idempotency: Its idempotency key, if it has one.
        size_bytes: Bytes of its lines.
        done: What the sender waits for: the answer, or a fault.
        outcome: What it will be told.
        is_replay: Whether the answer was given before.
    """

    events: EventLines
    key: ApiKey
    idempotency: Idempotency | None
    size_bytes: int
    done: asyncio.Future[Answer]
    outcome: Answer | RequestFaultError | None = None
    is_replay: bool = False


@dataclass
class _Group:
    """What of a group goes into the spool."""

    data: list[bytes] = field(default_factory=list)
    customers: list[str | None] = field(default_factory=list)
    answers: list[KeptAnswer] = field(default_factory=list)
    claimed: dict[bytes, Submission] = field(default_factory=dict)


class Committer:
    """The thread that writes: it takes all batches that wait, and answers them at once.

    Args:
        spool: Where they go.
        metrics: What is counted.
        loop: The loop that the senders wait in.
        topic: Where the events go instead of the spool, which then keeps answers only.
    """

    def __init__(
        self,
        spool: Spool,
        metrics: Metrics,
        *,
        loop: asyncio.AbstractEventLoop,
        topic: EventTopic | None = None,
    ) -> None:
        self._spool = spool
        self._topic = topic
        self._metrics = metrics
        self._loop = loop
        self._waiting: deque[Submission] = deque()
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="committer", daemon=True)
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether batches are being written."""
        return self._thread.is_alive() and not self._is_closing

    def submit(self, submission: Submission) -> None:
        """Hands in a batch; `submission.done` tells what became of it."""
        with self._changed:
            if self._is_closing or not self._thread.is_alive():
                raise refuse_for_now("stopping", "The collector is stopping.")
            self._waiting.append(submission)
            self._changed.notify()

    def close(self) -> None:
        """Writes what waits, makes the open segment ready, and stops."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._is_closing:
                    self._changed.wait(_IDLE_SECONDS)
                taken = self._take()
                is_last = self._is_closing and not taken
            if is_last:
                break
            if taken:
                self._settle(taken)
            self._guard(self._spool.make_ready_if_due)
        self._guard(self._spool.close)

    def _take(self) -> list[Submission]:
        taken: list[Submission] = []
        events = size = 0
        while self._waiting and events < GROUP_EVENTS and size < GROUP_BYTES:
            submission = self._waiting.popleft()
            taken.append(submission)
            events += len(submission.events.lines)
            size += submission.size_bytes
        return taken

    def _settle(self, taken: list[Submission]) -> None:
        """Finds the outcome of every batch and tells it; no fault is left unsaid."""
        try:
            self._commit(taken)
        except OSError as error:
            self._metrics.add("commits_total", result="failed")
            _LOG.error("a group of batches couldn't be kept: %s", error)
            fault = refuse_for_now(
                "spool_failed",
                "The batch can't be kept now.",
                retry_seconds=_RETRY_SECONDS,
            )
            self._tell(taken, fault)
        except Exception as error:
            if not isinstance(error, RequestFaultError):
                _LOG.exception("a group of %d batches failed", len(taken))
            if len(taken) > 1:
                for submission in taken:
                    self._settle([submission])
                return
            fault = RequestFaultError(500, "internal", "The batch can't be judged.")
            self._tell(taken, error if isinstance(error, RequestFaultError) else fault)
        else:
            self._tell(taken, None)

    def _tell(self, taken: list[Submission], fault: RequestFaultError | None) -> None:
        for submission in taken:
            if fault is not None:
                submission.outcome = fault
        self._loop.call_soon_threadsafe(_resolve, taken)

    def _commit(self, taken: list[Submission]) -> None:
        group = _Group()
        fresh = [item for item in taken if self._is_fresh(item, group)]
        lines = [line for submission in fresh for line in submission.events.lines]
        if lines:
            judgement = judge_lines(lines)
            segment, next_line = (self._topic or self._spool).position
            first = 0
            for submission in fresh:
                batch_id = f"{segment}:{next_line + len(group.data)}"
                self._decide(submission, judgement, first, batch_id, group)
                first += len(submission.events.lines)
        if group.data:
            started = time.perf_counter_ns()
            size = self._keep(group)
            self._metrics.fsync_times.observe(time.perf_counter_ns() - started)
            self._metrics.add("spooled_bytes_total", size)
            self._metrics.add("commits_total", result="done")
        for submission in taken:
            if submission.outcome is None and submission.idempotency is not None:
                self._compare(submission, group.claimed[submission.idempotency.key])
            self._count(submission)

    def _keep(self, group: _Group) -> int:
        """Makes a group durable. Returns its bytes."""
        data = b"\n".join(group.data) + b"\n"
        if self._topic is None:
            self._spool.append(data, line_count=len(group.data), answers=group.answers)
            return len(data)
        self._topic.publish(group.data, group.customers)
        crash_point("collector.after_publish")
        if group.answers:
            self._spool.append(b"", line_count=0, answers=group.answers)
        return len(data)

    def _is_fresh(self, submission: Submission, group: _Group) -> bool:
        """Tells whether a batch is to be spooled; answers it if it was before."""
        submission.outcome, identity = None, submission.idempotency
        if identity is None:
            return True
        if identity.key in group.claimed:
            return False
        found = self._spool.answers.find(identity.key, now=int(time.time()))
        if found is None:
            group.claimed[identity.key] = submission
            return True
        body, answer = found
        submission.is_replay = body == identity.body
        submission.outcome = answer if submission.is_replay else _refuse_reuse()
        return False

    def _compare(self, submission: Submission, first: Submission) -> None:
        """Answers a batch that came in the same group as another one with the same key."""
        submission.is_replay = submission.idempotency == first.idempotency
        submission.outcome = first.outcome if submission.is_replay else _refuse_reuse()

    def _decide(
        self,
        submission: Submission,
        judgement: Judgement,
        first: int,
        batch_id: str,
        group: _Group,
    ) -> None:
        """Says what each event of a batch is, and which of its lines are spooled."""
        exceptions: list[Exceptional] = []
        lines: list[bytes] = []
        customers: list[str | None] = []
        key, notes = submission.key, submission.events.notes
        for index, line in enumerate(submission.events.lines):
            rejection = judgement.rejections.get(first + index)
            if rejection is not None:
                detail = "; ".join(filter(None, (rejection.detail, notes.get(index))))
                item = Exceptional(index, Outcome.REJECTED.value, rejection.reason.value, detail)
                exceptions.append(item)
            elif not key.permits_all and not key.permits(judgement.customers[first + index]):
                detail = "the key may not send for this customer; nothing of the event is kept"
                outcome = Outcome.FORBIDDEN.value
                exceptions.append(Exceptional(index, outcome, outcome, detail))
                continue
            lines.append(line)
            customers.append(judgement.customers.get(first + index))
        count = len(submission.events.lines)
        answer = Answer(batch_id if lines else "", count, tuple(exceptions))
        submission.outcome = answer
        group.data += lines
        group.customers += customers
        if lines and submission.idempotency is not None:
            identity = submission.idempotency
            now = int(time.time())
            group.answers.append(KeptAnswer(identity.key, identity.body, now, answer))

    def _count(self, submission: Submission) -> None:
        answer = submission.outcome
        if not isinstance(answer, Answer):
            return
        if submission.is_replay:
            self._metrics.add("replayed_batches_total")
            return
        accepted = answer.count(Outcome.ACCEPTED)
        self._metrics.add("events_total", accepted, outcome=Outcome.ACCEPTED.value, reason="")
        for item in answer.exceptions:
            self._metrics.add("events_total", outcome=item.outcome, reason=item.reason)

    def _guard(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception:
            _LOG.exception("the spool couldn't be tidied up")


def _resolve(taken: list[Submission]) -> None:
    for submission in taken:
        if submission.done.done():
            continue
        if isinstance(submission.outcome, Answer):
            submission.done.set_result(submission.outcome)
        else:
            submission.done.set_exception(
                submission.outcome or RequestFaultError(500, "internal", "The batch has no answer.")
            )


def _refuse_reuse() -> RequestFaultError:
    return RequestFaultError(
        409,
        "idempotency_key_reused",
        "This Idempotency-Key came with another body before.",
        remedy="use a new key for each batch, and the same key only to send the same batch again",
    )
