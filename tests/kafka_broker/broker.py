"""A real Apache Kafka on loopback ports: KRaft mode, from the archives that Maven publishes.

By hand: `python -m tests.kafka_broker.broker` starts one and says where it is.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from base64 import urlsafe_b64encode
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

FOLDER = Path(__file__).resolve().parent
PROJECT_ROOT = FOLDER.parents[1]
ARCHIVES = PROJECT_ROOT / ".meterhouse" / "kafka"
COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"
JAVA_OPTIONS = [
    "-Xms64m",
    "-Xmx320m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xshare:auto",
    "-Dlog4j2.level=ERROR",
]


class NoBrokerError(Exception):
    """This machine can't run a broker; the message says what it lacks."""


def find_archives() -> Path:
    """Fetches the archives once, by mvn as it is configured here.

    Returns:
        The folder of the archives.

    Raises:
        NoBrokerError: java or mvn isn't there, or mvn doesn't get the archives.
    """
    for program in ("java", "mvn"):
        if shutil.which(program) is None:
            raise NoBrokerError(f"{program} is not here")
    ready = ARCHIVES / "ready"
    wanted = (FOLDER / "pom.xml").read_text()
    if ready.exists() and ready.read_text() == wanted:
        return ARCHIVES / "libs"
    ARCHIVES.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix="libs_", dir=ARCHIVES))
    command = ["mvn", "-q", "-B", "-f", str(FOLDER / "pom.xml"), COPY]
    fetched = subprocess.run(
        [*command, f"-DoutputDirectory={partial}"],
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    if fetched.returncode or not list(partial.glob("kafka_2.13-*.jar")):
        shutil.rmtree(partial)
        raise NoBrokerError(f"mvn can't fetch Apache Kafka: {fetched.stdout[-300:]}")
    shutil.rmtree(ARCHIVES / "libs", ignore_errors=True)
    partial.rename(ARCHIVES / "libs")
    ready.write_text(wanted)
    return ARCHIVES / "libs"


class Broker:
    """One broker with a folder and ports of its own; it may be stopped, killed and started again.

    Args:
        home: Folder for its configuration and its logs.
    """

    def __init__(self, home: Path) -> None:
        self._home = home
        self._classpath = f"{find_archives()}/*"
        self._process: subprocess.Popen[bytes] | None = None
        self.port, self._controller_port = free_port(), free_port()
        self.address = f"127.0.0.1:{self.port}"
        self._properties = home / "server.properties"
        home.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(self._describe())
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode()
        self._java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(self._properties))

    def start(self) -> Broker:
        """Starts it and waits until it answers."""
        with (self._home / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command("kafka.Kafka", str(self._properties)), stdout=log, stderr=log
            )
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        deadline = time.monotonic() + 60
        while True:
            try:
                if admin.list_topics(timeout=1).brokers:
                    return self
            except KafkaException:
                pass
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"Kafka doesn't start: {self._home / 'broker.log'}")

    def stop(self, number: int = signal.SIGKILL) -> None:
        """Ends it by a signal and waits for its end."""
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(timeout=60)
            self._process = None

    def make_topic(self, name: str, *, partitions: int = 1, **configuration: str) -> None:
        """Makes a topic; `cleanup_policy="compact"` is the property cleanup.policy."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        config = {key.replace("_", "."): value for key, value in configuration.items()}
        topic = NewTopic(name, partitions, 1, config=config)
        admin.create_topics([topic])[name].result(30)

    def _java(self, *arguments: str) -> None:
        done = subprocess.run(
            self._command(*arguments), check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise RuntimeError(f"{arguments[0]} failed: {done.stdout}{done.stderr}")

    def _command(self, *arguments: str) -> list[str]:
        return ["java", *JAVA_OPTIONS, "-cp", self._classpath, *arguments]

    def _describe(self) -> str:
        controller = f"127.0.0.1:{self._controller_port}"
        lines = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@{controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}",
            "controller.listener.names": "CONTROLLER",
            "log.dirs": str(self._home / "logs"),
            "auto.create.topics.enable": "false",
            "broker.session.timeout.ms": "1000",
            "broker.heartbeat.interval.ms": "200",
            "num.network.threads": "1",
            "num.io.threads": "2",
            "background.threads": "1",
            "log.cleaner.enable": "false",
            "offsets.topic.num.partitions": "1",
            "offsets.topic.replication.factor": "1",
            "transaction.state.log.num.partitions": "1",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "group.initial.rebalance.delay.ms": "0",
            "group.min.session.timeout.ms": "500",
        }
        return "".join(f"{name}={value}\n" for name, value in lines.items())


def free_port() -> int:
    """Finds a port of the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    """Runs a broker until Ctrl-C."""
    home = Path(tempfile.mkdtemp(prefix="meterhouse-kafka-"))
    broker = Broker(home).start()
    sys.stdout.write(f"METERHOUSE_KAFKA_BOOTSTRAP_SERVERS={broker.address}  (pid {os.getpid()})\n")
    sys.stdout.flush()
    try:
        signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        broker.stop()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
