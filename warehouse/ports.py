"""The TCP port of the embedded server: the one it had before, where that is free."""

from __future__ import annotations

import re
import socket
from pathlib import Path

_PORT = re.compile(r'"-p" "(\d+)"')


def free_port(preferred: int = 0) -> int:
    """Finds a port of the loopback address that nobody listens on.

    Args:
        preferred: The port to take if it is free; 0: any.

    Returns:
        The port.
    """
    for port in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no port is free")


def last_port(data: Path) -> int:
    """Reads which port a server was last started on, so that who is waiting for it finds it again.

    Args:
        data: The data directory.

    Returns:
        The port; 0 when it was never started.
    """
    options = data / "postmaster.opts"
    found = _PORT.search(options.read_text()) if options.exists() else None
    return int(found.group(1)) if found else 0
