"""Requests that can't be taken: one kind of fault for each answer that is not 202."""

from __future__ import annotations

from warehouse.errors import MeterhouseError


class RequestFaultError(MeterhouseError):
    """A request that is refused whole: nothing of it is kept.

    Args:
        status: HTTP status of the answer.
        code: The kind of fault, one word for programs.
        message: What is wrong, in one sentence.
        remedy: What the sender can do about it.
        retry_seconds: When trying again may help; None when it won't.
        closes: Whether the connection is closed, because the body wasn't read to its end.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        remedy: str = "",
        retry_seconds: int | None = None,
        closes: bool = False,
    ) -> None:
        super().__init__(message, remedy=remedy)
        self.status = status
        self.code = code
        self.retry_seconds = retry_seconds
        self.closes = closes


def refuse_malformed(message: str, *, remedy: str = "") -> RequestFaultError:
    """Makes the fault of a request that can't be read.

    Args:
        message: What is wrong.
        remedy: What to do about it.

    Returns:
        The fault, status 400.
    """
    return RequestFaultError(400, "malformed", message, remedy=remedy)


def refuse_too_large(message: str, *, remedy: str, closes: bool = False) -> RequestFaultError:
    """Makes the fault of a request that is beyond a limit.

    Args:
        message: Which limit.
        remedy: What to do about it.
        closes: Whether the body wasn't read to its end.

    Returns:
        The fault, status 413.
    """
    return RequestFaultError(413, "too_large", message, remedy=remedy, closes=closes)


def refuse_for_now(code: str, message: str, *, retry_seconds: int = 1) -> RequestFaultError:
    """Makes the fault of a request that can't be taken at the moment.

    Args:
        code: Why, one word for programs.
        message: Why, in one sentence.
        retry_seconds: When to try again.

    Returns:
        The fault, status 503.
    """
    remedy = f"send the same request again in {retry_seconds} s; nothing of it was kept"
    return RequestFaultError(503, code, message, remedy=remedy, retry_seconds=retry_seconds)
