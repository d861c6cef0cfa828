"""Forks consumers that a test kills: what they need is imported once, not twenty times.

Reads a line of JSON for each consumer (its environment), answers with its process id, and with its
exit code once it has ended; a negative code is a signal.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from queue import Queue

from ingestion.kafka.consuming import consume_topics
from ingestion.kafka.settings import KafkaSettings
from tests.conftest import PROJECT_ROOT
from warehouse import MeterhouseError, open_warehouse


@dataclass
class ConsumerProcess:
    """A consumer in a process of its own."""

    pid: int
    ended: Queue[int]

    def kill(self, number: int) -> None:
        """Sends it a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: int = 60) -> int:
        """Waits for its end and returns its exit code."""
        return self.ended.get(timeout=seconds)


class ConsumerServer:
    """Starts consumers.

    Args:
        environment: Environment of all of them.
    """

    def __init__(self, environment: dict[str, str]) -> None:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.kafka.consumer_server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            cwd=PROJECT_ROOT,
            text=True,
        )
        self._started: Queue[int] = Queue()
        self._ended: dict[int, Queue[int]] = {}
        threading.Thread(target=self._listen, daemon=True).start()

    def start(
        self, settings: KafkaSettings, *, crash_at: str = "", until_end: bool = True
    ) -> ConsumerProcess:
        """Starts a consumer; it runs until it is killed, or until all that waits has landed."""
        variables = {
            f"METERHOUSE_KAFKA_{name.upper()}": ",".join(value)
            if isinstance(value, tuple)
            else str(value)
            for name, value in settings.model_dump(exclude_defaults=True).items()
        }
        request = {**variables, "METERHOUSE_CRASH_AT": crash_at, "UNTIL_END": str(int(until_end))}
        assert self._server.stdin is not None
        self._server.stdin.write(json.dumps(request) + "\n")
        self._server.stdin.flush()
        pid = self._started.get(timeout=60)
        return ConsumerProcess(pid, self._ended[pid])

    def close(self) -> None:
        """Ends the server."""
        assert self._server.stdin is not None
        self._server.stdin.close()
        self._server.wait(timeout=60)

    def _listen(self) -> None:
        assert self._server.stdout is not None
        for line in self._server.stdout:
            kind, pid, code = line.split()
            if kind == "started":
                self._ended[int(pid)] = Queue()
                self._started.put(int(pid))
            else:
                self._ended[int(pid)].put(int(code))


def consume(environment: dict[str, str]) -> int:
    """What a forked consumer does; returns its exit code."""
    import signal

    os.environ.update(environment)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda number, frame: stop.set())
    try:
        until_end = environment["UNTIL_END"] == "1"
        consume_topics(open_warehouse(), KafkaSettings(), until_end=until_end, stop=stop)
    except MeterhouseError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def serve() -> None:
    """Forks a consumer for each line of the standard input."""
    lock = threading.Lock()

    def say(text: str) -> None:
        with lock:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

    def reap(pid: int) -> None:
        status = os.waitpid(pid, 0)[1]
        say(f"ended {pid} {os.waitstatus_to_exitcode(status)}")

    for line in sys.stdin:
        environment = json.loads(line)
        pid = os.fork()
        if not pid:
            code = 1
            try:
                code = consume(environment)
            finally:
                os._exit(code)
        say(f"started {pid} 0")
        threading.Thread(target=reap, args=(pid,), daemon=True).start()


if __name__ == "__main__":
    serve()
