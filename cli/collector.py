"""The HTTP collector's commands: serve, and the keys that clients send by."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from cli.display import console
from ingestion.collector.keys import create_key, list_keys, revoke_key
from ingestion.collector.settings import CollectorSettings
from warehouse import MeterhouseError

app = typer.Typer(
    help="Take usage events by HTTP: durable before they are acknowledged.",
    epilog="Example: ./meterhouse collector create-key acme --customer 'cus_*'",
    no_args_is_help=True,
)


@app.command(epilog="Example: ./meterhouse collector serve")
def serve() -> None:
    """Serve POST /v1/events until Ctrl-C; what it took is landed by load without paths."""
    from ingestion.collector.serving import serve as serve_collector

    settings = CollectorSettings()
    console.print(f"  Collector   http://{settings.host}:{settings.port}/v1/events")
    serve_collector(settings)


@app.command(
    "create-key", epilog="Example: ./meterhouse collector create-key acme --customer 'cus_*'"
)
def create(
    name: Annotated[str, typer.Argument(help="Whose key it is; two may be live at a time.")],
    customer: Annotated[
        list[str], typer.Option(help="Customer id, or a prefix and *; may be repeated.")
    ],
    expires_at: Annotated[
        str, typer.Option(help="Until when it holds, ISO 8601 with a zone; default: for ever.")
    ] = "",
    events_per_second: Annotated[
        int | None, typer.Option(help="Rate limit; default: that of the settings.")
    ] = None,
) -> None:
    """Make a key; its secret is shown this once."""
    created = create_key(
        CollectorSettings(),
        name=name,
        customers=customer,
        expires_at=_instant(expires_at) if expires_at else None,
        events_per_second=events_per_second,
    )
    console.print(f"key id  {created.key.key_id}\nsecret  {created.secret}", soft_wrap=True)
    console.print("The secret is not kept and not shown again.")


@app.command("keys", epilog="Example: ./meterhouse collector keys")
def keys() -> None:
    """List the keys and their state."""
    known = list_keys(CollectorSettings())
    now = datetime.now(UTC)
    for key in known:
        expired = key.expires_at is not None and key.expires_at <= now
        state = "revoked" if key.revoked_at else "expired" if expired else "live"
        console.print(f"{key.key_id}  {state:<8} {key.name}  {', '.join(key.customers)}")
    if not known:
        console.print("There is no key yet; create-key makes one.")


@app.command("revoke-key", epilog="Example: ./meterhouse collector revoke-key KEY_ID")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, as keys lists it.")],
) -> None:
    """Take a key back; the running collector refuses it within a second."""
    revoked = revoke_key(CollectorSettings(), key_id)
    console.print(f"Revoked: {revoked.key_id} ({revoked.name})")


def _instant(written: str) -> datetime:
    try:
        read = datetime.fromisoformat(written)
    except ValueError as error:
        raise MeterhouseError(
            f"'{written}' is not an instant.", remedy="write it as 2027-01-01T00:00:00Z"
        ) from error
    if read.tzinfo is None:
        raise MeterhouseError(f"'{written}' has no time zone.", remedy="end it with Z")
    return read
