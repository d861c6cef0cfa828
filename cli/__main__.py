"""Entry of `python -m cli`: runs the command; users never see a stack trace."""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime

from rich.markup import escape

from cli.display import errors
from warehouse import MeterhouseError, WarehouseSettings


def main() -> int:
    """Runs the command line.

    Returns:
        The exit code: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
    """
    from cli.app import app

    try:
        app(prog_name="./meterhouse")
    except MeterhouseError as error:
        errors.print(f"[bold red]Error:[/] {escape(str(error))}", soft_wrap=True)
        return 1
    except KeyboardInterrupt:
        errors.print("Interrupted. The same command again carries on where this one stopped.")
        return 130
    except Exception as error:
        folder = WarehouseSettings().state_dir / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"fault-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.log"
        path.write_text("".join(traceback.format_exception(error)))
        errors.print(
            f"[bold red]Unexpected fault:[/] {type(error).__name__}: "
            f"{escape(str(error).strip()[:400])}\n  The details are in "
            f"{folder.parent.name}/logs/{path.name}; ./meterhouse doctor checks the set-up.",
            soft_wrap=True,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
