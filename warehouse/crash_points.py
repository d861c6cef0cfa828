"""Named places where a test can kill the process, to prove that running it again is safe."""

from __future__ import annotations

import os
import signal

CRASH_VARIABLE = "METERHOUSE_CRASH_AT"


def crash_point(name: str) -> None:
    """Kills this process with SIGKILL when the environment names this point.

    Args:
        name: The point, as `<stage>.<place>`, for example `load.after_landing`.
    """
    if os.environ.get(CRASH_VARIABLE) == name:
        os.kill(os.getpid(), signal.SIGKILL)
