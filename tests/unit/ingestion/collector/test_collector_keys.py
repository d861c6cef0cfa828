"""API keys: shown once, kept hashed, replaced without a gap, gone when revoked; rates per key."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingestion.collector.keys import KeyRing, create_key, list_keys, revoke_key
from ingestion.collector.rates import RateLimiter
from ingestion.collector.settings import CollectorSettings
from warehouse import MeterhouseError

NS = 10**9


@pytest.fixture
def settings(tmp_path: Path) -> CollectorSettings:
    return CollectorSettings(state_dir=tmp_path)


def ring_of(settings: CollectorSettings) -> KeyRing:
    return KeyRing(settings.keys, reload_seconds=0)


def test_a_key_is_kept_hashed_and_for_the_owner_only(settings: CollectorSettings) -> None:
    created = create_key(settings, name="gateway", customers=["acme"])
    text = settings.keys.read_text()
    assert created.secret not in text
    assert created.secret.rpartition("_")[2] not in text
    assert stat.S_IMODE(settings.keys.stat().st_mode) == 0o600
    assert list_keys(settings) == (created.key,)
    assert ring_of(settings).authenticate(created.secret) == created.key


def test_a_wrong_key_is_unknown(settings: CollectorSettings) -> None:
    created = create_key(settings, name="gateway", customers=["*"])
    other = create_key(settings, name="other", customers=["*"])
    ring = ring_of(settings)
    swapped = created.secret[:17] + other.secret[17:]
    for wrong in ("", "x", created.secret[:-1], created.secret + "x", swapped, "mhk_é"):
        assert ring.authenticate(wrong) is None


def test_a_key_is_replaced_while_both_are_good(settings: CollectorSettings) -> None:
    old = create_key(settings, name="gateway", customers=["*"])
    ring = ring_of(settings)
    new = create_key(settings, name="gateway", customers=["*"])
    assert ring.authenticate(old.secret)
    assert ring.authenticate(new.secret)
    with pytest.raises(MeterhouseError, match="2 live keys"):
        create_key(settings, name="gateway", customers=["*"])
    revoke_key(settings, old.key.key_id)
    assert ring.authenticate(old.secret) is None
    assert ring.authenticate(new.secret)
    create_key(settings, name="gateway", customers=["*"])


def test_revoking_twice_changes_nothing_and_unknown_keys_are_named(
    settings: CollectorSettings,
) -> None:
    key = create_key(settings, name="gateway", customers=["*"]).key
    assert revoke_key(settings, key.key_id) == revoke_key(settings, key.key_id)
    with pytest.raises(MeterhouseError, match="no key"):
        revoke_key(settings, "000000000000")


def test_an_expired_key_is_refused(settings: CollectorSettings) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    key = create_key(settings, name="gateway", customers=["*"], expires_at=soon).key
    assert key.is_live(soon - timedelta(microseconds=1))
    assert not key.is_live(soon)


def test_a_key_permits_its_customers_only(settings: CollectorSettings) -> None:
    key = create_key(settings, name="gateway", customers=["acme", "eu-*"]).key
    assert [key.permits(name) for name in ("acme", "eu-1", "eu-", "acme2", "EU-1", "", "eu")] == [
        *[True] * 3,
        *[False] * 4,
    ]
    assert not key.permits_all


@pytest.mark.parametrize(
    "wishes",
    [
        {"name": " ", "customers": ["*"]},
        {"name": "x", "customers": []},
        {"name": "x", "customers": [""]},
        {"name": "x", "customers": "acme"},
        {"name": "x", "customers": ["*"], "burst_events": 0},
        {"name": "x", "customers": ["*"], "expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
        {"name": "x", "customers": ["*"], "expires_at": datetime(2999, 1, 1)},  # noqa: DTZ001
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(
    settings: CollectorSettings, wishes: dict[str, object]
) -> None:
    with pytest.raises(MeterhouseError):
        create_key(settings, **wishes)  # type: ignore[arg-type]
    assert list_keys(settings) == ()


def test_a_damaged_file_leaves_no_key_good_until_it_is_mended(settings: CollectorSettings) -> None:
    created = create_key(settings, name="gateway", customers=["*"])
    ring = ring_of(settings)
    text = settings.keys.read_text()
    settings.keys.write_text(text[:-5])
    assert ring.authenticate(created.secret) is None
    assert ring.fault
    with pytest.raises(MeterhouseError, match="can't be read"):
        create_key(settings, name="other", customers=["*"])
    settings.keys.write_text(text)
    assert ring.authenticate(created.secret)
    assert not ring.fault


def test_a_bucket_lets_a_burst_pass_and_then_the_rate() -> None:
    limiter = RateLimiter()

    def charge(events: int, second: int, key: str = "a") -> int:
        return limiter.charge(key, events, rate=10, burst=30, now_ns=second * NS)

    assert charge(30, 0) == 0
    assert charge(1, 0) == 1
    assert charge(1, 0, key="b") == 0
    assert charge(10, 1) == 0
    assert charge(1, 1) == 1
    assert charge(30, 1000) == 0
    assert charge(1, 1000) == 1


def test_a_batch_beyond_the_burst_is_paid_back_in_time() -> None:
    limiter = RateLimiter()
    assert limiter.charge("a", 1, rate=10, burst=5, now_ns=0) == 0
    limiter.charge_more("a", 104)
    assert limiter.charge("a", 1, rate=10, burst=5, now_ns=0) == 11
    assert limiter.charge("a", 1, rate=10, burst=5, now_ns=10 * NS) == 1
    assert limiter.charge("a", 1, rate=10, burst=5, now_ns=11 * NS) == 0
