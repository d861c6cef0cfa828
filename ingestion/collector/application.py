"""The ASGI application: doors, caps and answers of the collector."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from ingestion.collector.answers import Answer, Outcome, digest_request
from ingestion.collector.batches import BatchLimits, choose_media_type, split_batch
from ingestion.collector.bodies import PendingBytes, choose_encoding, decompress, read_body
from ingestion.collector.committing import Committer, Submission
from ingestion.collector.faults import RequestFaultError, refuse_malformed
from ingestion.collector.judging import warm_up
from ingestion.collector.keys import ApiKey, KeyRing
from ingestion.collector.metrics import CONTENT_TYPE, Metrics
from ingestion.collector.openapi import describe_api
from ingestion.collector.rates import RateLimiter
from ingestion.collector.settings import CollectorSettings
from ingestion.collector.spool import Spool, measure_backlog, probe_writable

if TYPE_CHECKING:
    from ingestion.collector.event_topic import EventTopic

PROBLEM = "application/problem+json"
INLINE_BYTES = 256 * 1024
_IDEMPOTENCY_KEY = re.compile(r"[!-~]{1,255}")
_LOG = logging.getLogger(__name__)


class Collector:
    """What all requests share.

    Args:
        settings: Where things are and how much is taken.
        spool: Where batches go.
        loop: The loop that requests are answered in.
        topic: Where events go instead, if they do.
    """

    def __init__(
        self,
        settings: CollectorSettings,
        spool: Spool,
        *,
        loop: asyncio.AbstractEventLoop,
        topic: EventTopic | None,
    ) -> None:
        self._settings = settings
        self._spool = spool
        self._loop = loop
        self._metrics = Metrics()
        self._keys = KeyRing(settings.keys, reload_seconds=settings.key_reload_seconds)
        self._rates = RateLimiter()
        self._pending = PendingBytes(settings.max_pending_bytes)
        self._limits = BatchLimits(settings.max_batch_events, settings.max_nesting)
        self._topic = topic
        self._committer = Committer(spool, self._metrics, loop=loop, topic=topic)
        self._description = msgspec.json.encode(describe_api(settings))
        self._probed: tuple[int, str] = (0, "")

    def close(self) -> None:
        """Writes what waits and makes the open segment ready."""
        self._committer.close()

    async def post_events(self, request: Request) -> Response:
        """Takes a batch: 202 once it is durable."""
        try:
            response = await self._take(request)
        except RequestFaultError as fault:
            response = answer_fault(fault)
        except ClientDisconnect:
            response = Response(status_code=HTTPStatus.BAD_REQUEST)
        self._metrics.add("requests_total", status=str(response.status_code))
        return response

    async def get_health(self, request: Request) -> Response:
        """Says that the process answers."""
        return _answer_json({"status": "ok"})

    async def get_readiness(self, request: Request) -> Response:
        """Says whether batches can be taken: the spool is writable, the keys are readable."""
        fault = await self._find_obstacle()
        if fault:
            return _answer_json({"status": "not_ready", "detail": fault}, status=503)
        return _answer_json({"status": "ready"})

    async def get_metrics(self, request: Request) -> Response:
        """Shows all figures as Prometheus reads them."""
        backlog = await asyncio.to_thread(measure_backlog, self._settings.spool)
        answers = self._spool.answers
        gauges = {
            "spool_ready_segments": ("Segments that wait to be landed.", backlog.segments),
            "spool_ready_bytes": ("Bytes of segments that wait to be landed.", backlog.ready_bytes),
            "pending_bytes": ("Bytes of bodies that are being worked on.", self._pending.held),
            "idempotency_keys": ("Answers that are kept.", len(answers)),
            "idempotency_keys_forgotten_early": (
                "Answers let go of before their time, for lack of room, since the start.",
                answers.forgotten_early,
            ),
        }
        return Response(self._metrics.expose(gauges), media_type=CONTENT_TYPE)

    async def get_description(self, request: Request) -> Response:
        """Describes all doors by OpenAPI 3.1."""
        return Response(self._description, media_type="application/json")

    async def _take(self, request: Request) -> Response:
        settings, headers = self._settings, request.headers
        key = self._authenticate(headers.get("authorization"))
        is_binary_mode = "ce-specversion" in headers
        media_type = choose_media_type(headers.get("content-type"), is_binary_mode=is_binary_mode)
        encoding = choose_encoding(", ".join(headers.getlist("content-encoding")))
        idempotency_key = _read_idempotency_key(headers.getlist("idempotency-key"))
        self._charge(key)
        with self._pending.reserve() as share:
            body = await read_body(
                request.stream(),
                declared_length=headers.get("content-length"),
                limit=settings.max_body_bytes,
                seconds=settings.request_seconds,
                share=share,
            )
            self._metrics.add("body_bytes_total", len(body))

            def split() -> Submission:
                limit = settings.max_content_bytes
                content = decompress(body, encoding, limit=limit, share=share)
                events = split_batch(content, media_type, limits=self._limits)
                identity = idempotency_key and digest_request(
                    key_id=key.key_id,
                    idempotency_key=idempotency_key,
                    media_type=media_type,
                    content=content,
                )
                return Submission(
                    events, key, identity or None, len(content), self._loop.create_future()
                )

            is_small = encoding is None and len(body) <= INLINE_BYTES
            submission = split() if is_small else await asyncio.to_thread(split)
            self._metrics.add("content_bytes_total", submission.size_bytes)
            self._rates.charge_more(key.key_id, len(submission.events.lines) - 1)
            self._committer.submit(submission)
            answer = await submission.done
        return _answer_batch(answer)

    def _authenticate(self, header: str | None) -> ApiKey:
        scheme, _, secret = (header or "").partition(" ")
        key = self._keys.authenticate(secret.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise RequestFaultError(
                401,
                "unknown_key",
                "The API key is missing, unknown, expired or revoked.",
                remedy="send the header Authorization: Bearer <key>",
                closes=True,
            )
        return key

    def _charge(self, key: ApiKey) -> None:
        seconds = self._rates.charge(
            key.key_id,
            1,
            rate=key.events_per_second or self._settings.events_per_second,
            burst=key.burst_events or self._settings.burst_events,
            now_ns=time.monotonic_ns(),
        )
        if seconds:
            raise RequestFaultError(
                429,
                "too_many_events",
                "The key sent more events than it may at the moment.",
                remedy=f"send the same request again in {seconds} s",
                retry_seconds=seconds,
                closes=True,
            )

    async def _find_obstacle(self) -> str:
        if not self._committer.is_alive:
            return "the collector is stopping"
        if self._keys.fault:
            return "the file of the API keys can't be read"
        if time.monotonic_ns() - self._probed[0] >= 10**9:
            fault = await asyncio.to_thread(self._probe)
            self._probed = (time.monotonic_ns(), fault)
        return self._probed[1]

    def _probe(self) -> str:
        obstacle = probe_writable(self._settings.spool, free_bytes=self._settings.free_bytes)
        return obstacle or (self._topic.find_obstacle() if self._topic else "")


def build_application(
    settings: CollectorSettings, spool: Spool, topic: EventTopic | None = None
) -> Starlette:
    """Builds the application.

    Args:
        settings: Where things are and how much is taken.
        spool: Where batches go; closed when the application shuts down.
        topic: Where events go instead of the spool, if they do.

    Returns:
        The application, to be run by an ASGI server with lifespan.
    """
    held: list[Collector] = []

    @asynccontextmanager
    async def lifespan(application: Starlette) -> AsyncIterator[None]:
        warm_up()
        held.append(Collector(settings, spool, loop=asyncio.get_running_loop(), topic=topic))
        try:
            yield
        finally:
            await asyncio.to_thread(held[-1].close)

    def door(name: str) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            return await getattr(held[-1], name)(request)

        return answer

    return Starlette(
        routes=[
            Route("/v1/events", door("post_events"), methods=["POST"]),
            Route("/healthz", door("get_health"), methods=["GET"]),
            Route("/readyz", door("get_readiness"), methods=["GET"]),
            Route("/metrics", door("get_metrics"), methods=["GET"]),
            Route("/openapi.json", door("get_description"), methods=["GET"]),
        ],
        exception_handlers={HTTPException: _answer_http_error, Exception: _answer_crash},
        lifespan=lifespan,
    )


def answer_fault(fault: RequestFaultError) -> Response:
    """Answers a request that is refused, as RFC 9457 asks."""
    headers: dict[str, str] = {}
    if fault.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if fault.retry_seconds is not None:
        headers["retry-after"] = str(fault.retry_seconds)
    if fault.closes:
        headers["connection"] = "close"
    problem = {
        "type": "about:blank",
        "title": HTTPStatus(fault.status).phrase,
        "status": fault.status,
        "code": fault.code,
        "detail": fault.message,
        "remedy": fault.remedy,
    }
    return Response(msgspec.json.encode(problem), fault.status, headers, PROBLEM)


def _answer_batch(answer: Answer) -> Response:
    is_forbidden = answer.count(Outcome.FORBIDDEN) == answer.event_count
    status = HTTPStatus.FORBIDDEN if is_forbidden else HTTPStatus.ACCEPTED
    return Response(answer.to_json(), status, media_type="application/json")


def _answer_json(value: dict[str, str], *, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")


def _read_idempotency_key(values: list[str]) -> str | None:
    if not values:
        return None
    if len(values) > 1 or not _IDEMPOTENCY_KEY.fullmatch(values[0]):
        raise refuse_malformed(
            "The Idempotency-Key is not 1 to 255 visible ASCII characters.",
            remedy="send one key, for example a UUID",
        )
    return values[0]


async def _answer_http_error(request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    code = status.phrase.lower().replace(" ", "_")
    response = answer_fault(RequestFaultError(status, code, f"{status.phrase}."))
    response.headers.update(error.headers or {})
    return response


async def _answer_crash(request: Request, error: Exception) -> Response:
    _LOG.error("a request failed", exc_info=error)
    return answer_fault(RequestFaultError(500, "internal", "The collector failed."))
