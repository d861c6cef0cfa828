"""What is said of a delivery that is no event, and how its bytes are kept as text."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from ingestion.contracts import MAX_LINE_BYTES, Reason

BASE64_MARK = "base64:"
KEPT_BYTES_OF_LONG_LINE = 8192


@dataclass(frozen=True)
class Rejection:
    """Why one delivery is no event.

    Attributes:
        reason: The kind of fault.
        detail: The fault in words, with the field it is in.
    """

    reason: Reason
    detail: str


LINE_TOO_LONG = Rejection(Reason.LINE_TOO_LONG, f"the line is longer than {MAX_LINE_BYTES} bytes")
"""What is said of a line that no reader keeps whole, by whatever door it comes."""


def keep_raw_text(raw: bytes) -> str:
    """Turns the bytes of a line into text that any database can hold, without losing one.

    Text that is valid UTF-8 without NUL stays as it is; anything else becomes `base64:` and the
    bytes in base64. Text that itself begins with that mark is encoded too, so that
    `restore_raw_text` is exact.

    Args:
        raw: The line without its line feed.

    Returns:
        The text to store.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = BASE64_MARK
    if "\x00" in text or text.startswith(BASE64_MARK):
        return keep_as_base64(raw)
    return text


def keep_as_base64(raw: bytes) -> str:
    """Turns the bytes of a line into `base64:` and their base64, whatever they are.

    Args:
        raw: The line without its line feed.

    Returns:
        A text that `restore_raw_text` turns back.
    """
    return BASE64_MARK + base64.b64encode(raw).decode("ascii")


def restore_raw_text(text: str) -> bytes:
    """Gives back the bytes that `keep_raw_text` was given.

    Args:
        text: A stored raw text.

    Returns:
        The bytes of the line.

    Raises:
        ValueError: The text has the mark of base64 but is none.
    """
    if not text.startswith(BASE64_MARK):
        return text.encode("utf-8")
    try:
        return base64.b64decode(text.removeprefix(BASE64_MARK), validate=True)
    except binascii.Error as error:
        raise ValueError("this raw text is marked base64 but can't be decoded") from error


def quote_value(value: object, *, limit: int = 60) -> str:
    """Shows a value of a customer in a message: quoted, ASCII only, cut to `limit` characters.

    Args:
        value: Anything; its text is shown.
        limit: Number of characters that are shown at most.

    Returns:
        Printable ASCII text.
    """
    text = str(value)
    shown = text if len(text) <= limit else text[:limit] + "..."
    return ascii(shown)
