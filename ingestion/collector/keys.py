"""API keys: made, listed and revoked in one file that holds them hashed only."""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import os
import re
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from ingestion.collector.settings import CollectorSettings
from warehouse.errors import MeterhouseError

PREFIX = "mhk"
LIVE_KEYS_PER_NAME = 2
_KEY = re.compile(rf"{PREFIX}_([0-9a-f]{{12}})_[A-Za-z0-9_-]{{43}}")
_NO_HASH = "0" * 64


class ApiKey(BaseModel):
    """A key as it is kept: everything but the key itself.

    Attributes:
        key_id: Names the key; it is part of it, and no secret.
        name: Who uses it; at most two live keys have one name, so that a key can be replaced.
        customers: Customers that it may send for: ids, or the beginning of ids with `*`.
        sha256: SHA-256 of the whole key.
        created_at: When it was made.
        expires_at: From when on it is refused; None for never.
        revoked_at: When it was revoked; None when it wasn't.
        events_per_second: Events that it may send in the long run; None for the default.
        burst_events: Events that it may send at once; None for the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_id: str
    name: str
    customers: tuple[str, ...]
    sha256: str
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    revoked_at: AwareDatetime | None = None
    events_per_second: int | None = None
    burst_events: int | None = None

    def is_live(self, now: datetime) -> bool:
        """Whether the key is good at this moment."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def permits(self, customer_id: str) -> bool:
        """Whether the key may send for this customer."""
        return any(
            customer_id.startswith(pattern[:-1]) if pattern[-1] == "*" else customer_id == pattern
            for pattern in self.customers
        )

    @property
    def permits_all(self) -> bool:
        """Whether the key may send for any customer."""
        return "*" in self.customers


class _KeyFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    keys: tuple[ApiKey, ...] = ()


@dataclass(frozen=True)
class CreatedKey:
    """A new key, shown this once.

    Attributes:
        key: What is kept of it.
        secret: The key itself, which the client sends as `Authorization: Bearer <key>`.
    """

    key: ApiKey
    secret: str


def create_key(
    settings: CollectorSettings,
    *,
    name: str,
    customers: Sequence[str],
    expires_at: datetime | None = None,
    events_per_second: int | None = None,
    burst_events: int | None = None,
) -> CreatedKey:
    """Makes a key; a running collector takes it within seconds.

    Args:
        settings: Where the keys are.
        name: Who uses it.
        customers: Customers that it may send for: ids, the beginning of ids with `*`, or `*`.
        expires_at: From when on it is refused, with a time zone; None for never.
        events_per_second: Events that it may send in the long run; None for the default.
        burst_events: Events that it may send at once; None for the default.

    Returns:
        The key; its secret can't be shown again.

    Raises:
        MeterhouseError: The name or a customer is empty, the expiry is no future instant, a limit
            is below 1, or two live keys have this name already.
    """
    now = datetime.now(UTC)
    _check_wishes(name, customers, expires_at, (events_per_second, burst_events), now=now)
    with _rewriting(settings.keys) as keys:
        if sum(key.name == name and key.is_live(now) for key in keys) >= LIVE_KEYS_PER_NAME:
            raise MeterhouseError(
                f"{name} has {LIVE_KEYS_PER_NAME} live keys already.",
                remedy="revoke the one that is no longer used",
            )
        key_id = secrets.token_hex(6)
        secret = f"{PREFIX}_{key_id}_{secrets.token_urlsafe(32)}"
        key = ApiKey(
            key_id=key_id,
            name=name,
            customers=tuple(customers),
            sha256=_hash(secret),
            created_at=now,
            expires_at=expires_at,
            events_per_second=events_per_second,
            burst_events=burst_events,
        )
        keys.append(key)
    return CreatedKey(key, secret)


def list_keys(settings: CollectorSettings) -> tuple[ApiKey, ...]:
    """Lists all keys, the dead ones too, in the order they were made.

    Args:
        settings: Where the keys are.

    Returns:
        What is kept of each.

    Raises:
        MeterhouseError: The file can't be read.
    """
    return _read_keys(settings.keys)


def revoke_key(settings: CollectorSettings, key_id: str) -> ApiKey:
    """Revokes a key; a running collector refuses it within seconds.

    Args:
        settings: Where the keys are.
        key_id: Names the key.

    Returns:
        The key; one that was revoked before stays as it is.

    Raises:
        MeterhouseError: There is no such key.
    """
    with _rewriting(settings.keys) as keys:
        places = [place for place, key in enumerate(keys) if key.key_id == key_id]
        if not places:
            raise MeterhouseError(f"There is no key {key_id!a}.", remedy="list the keys")
        key = keys[places[0]]
        if key.revoked_at is None:
            key = key.model_copy(update={"revoked_at": datetime.now(UTC)})
            keys[places[0]] = key
    return key


class KeyRing:
    """The keys as a running collector knows them; the file is looked at every few seconds.

    Args:
        path: The file.
        reload_seconds: How old what is known may be.
    """

    def __init__(self, path: Path, *, reload_seconds: int) -> None:
        self._path = path
        self._reload_ns = reload_seconds * 10**9
        self._looked_ns = 0
        self._signature: tuple[int, ...] | None = None
        self._keys: dict[str, ApiKey] = {}
        self.fault = ""
        self._reload()

    def authenticate(self, secret: str) -> ApiKey | None:
        """Finds the key that a client sent; takes as long for a wrong one as for a right one.

        Args:
            secret: What the client sent.

        Returns:
            The key, or None when it is unknown, expired or revoked.
        """
        if time.monotonic_ns() - self._looked_ns >= self._reload_ns:
            self._reload()
        match = _KEY.fullmatch(secret)
        key = self._keys.get(match.group(1)) if match else None
        is_same = hmac.compare_digest(_hash(secret), key.sha256 if key else _NO_HASH)
        return key if key and is_same and key.is_live(datetime.now(UTC)) else None

    def _reload(self) -> None:
        """Reads the file if it changed; a file that can't be read leaves no key good."""
        self._looked_ns = time.monotonic_ns()
        try:
            state = self._path.stat()
            signature = (state.st_mtime_ns, state.st_ino, state.st_size)
        except FileNotFoundError:
            signature = ()
        except OSError as error:
            self._keys, self._signature, self.fault = {}, None, str(error)
            return
        if signature == self._signature:
            return
        try:
            self._keys = {key.key_id: key for key in _read_keys(self._path)}
            self._signature, self.fault = signature, ""
        except MeterhouseError as error:
            self._keys, self._signature, self.fault = {}, None, error.message


def _check_wishes(
    name: str,
    customers: Sequence[str],
    expires_at: datetime | None,
    limits: Sequence[int | None],
    *,
    now: datetime,
) -> None:
    if not name.strip() or isinstance(customers, str) or not customers or "" in customers:
        raise MeterhouseError(
            "A key needs a name and at least one customer.",
            remedy="name customers by id, by the beginning of ids (`acme-*`), or all by `*`",
        )
    if expires_at is not None and (expires_at.tzinfo is None or expires_at <= now):
        raise MeterhouseError(
            "A key expires at a future instant.", remedy="give a later time, with its zone"
        )
    if any(limit is not None and limit < 1 for limit in limits):
        raise MeterhouseError("A limit is at least 1 event.", remedy="leave it out for the default")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", errors="surrogateescape")).hexdigest()


def _read_keys(path: Path) -> tuple[ApiKey, ...]:
    try:
        return _KeyFile.model_validate_json(path.read_bytes()).keys
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        raise MeterhouseError(
            f"The file of the collector's keys can't be read: {type(error).__name__}.",
            remedy=f"restore {path.name} from a backup, or remove it and make new keys",
        ) from error


@contextmanager
def _rewriting(path: Path) -> Iterator[list[ApiKey]]:
    """Yields the keys to be changed; one writer at a time, and readers see all or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    private = os.O_CREAT | os.O_WRONLY
    with open(os.open(path.with_suffix(".lock"), private, 0o600), "wb") as lock:  # noqa: PTH123
        fcntl.flock(lock, fcntl.LOCK_EX)
        keys = list(_read_keys(path))
        yield keys
        partial = path.with_suffix(".partial")
        with open(os.open(partial, private | os.O_TRUNC, 0o600), "wb") as file:  # noqa: PTH123
            file.write(_KeyFile(keys=tuple(keys)).model_dump_json(indent=2).encode())
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
