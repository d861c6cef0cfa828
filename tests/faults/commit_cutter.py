"""A TCP proxy before Postgres that can lose the reply to a COMMIT, or the COMMIT itself.

It understands of the protocol what that needs: where a message begins, which message of the client
is a COMMIT, and which message of the server says that it is done.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import replace

from warehouse import Warehouse

SSL_OR_GSS_REQUESTS = (80877103, 80877104)
_QUERY, _PARSE, _COMPLETE = b"Q", b"P", b"C"


class CommitCutter:
    """Passes everything on, but for one COMMIT.

    Args:
        warehouse: The warehouse whose server is behind it.
    """

    def __init__(self, warehouse: Warehouse) -> None:
        self._target = ("127.0.0.1", warehouse.admin_url.port or 0)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._lock = threading.Lock()
        self._cut_at = 0
        self._is_applied = False
        self.commits = 0
        self.cuts = 0
        self.warehouse = replace(
            warehouse, admin_url=warehouse.admin_url.set(port=self._listener.getsockname()[1])
        )
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self, number: int, *, is_applied: bool) -> None:
        """Cuts the connection at a COMMIT that is still to come.

        Args:
            number: Which one, from 1; 0: none.
            is_applied: Whether the server gets it, and only its reply is lost.
        """
        with self._lock:
            self.commits = self.cuts = 0
            self._cut_at, self._is_applied = number, is_applied

    def close(self) -> None:
        """Lets nobody in any more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._target)
            except OSError:
                return
            _Pair(self, client, server).start()

    def is_cut(self) -> bool:
        """Counts a COMMIT, and tells whether it is the one to cut."""
        with self._lock:
            self.commits += 1
            if self.commits != self._cut_at:
                return False
            self.cuts += 1
            return True

    @property
    def is_applied(self) -> bool:
        """Whether the server gets the COMMIT that is cut."""
        return self._is_applied


class _Pair:
    """One connection of a client and its connection to the server."""

    def __init__(self, cutter: CommitCutter, client: socket.socket, server: socket.socket) -> None:
        self._cutter = cutter
        self._client = client
        self._server = server
        self._reply_is_lost = threading.Event()
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for work in (self._pass_requests, self._pass_replies):
            threading.Thread(target=self._guard, args=(work,), daemon=True).start()

    def _guard(self, work: object) -> None:
        with contextlib.suppress(OSError, EOFError):
            work()  # type: ignore[operator]
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _pass_requests(self) -> None:
        while True:
            length = _read(self._client, 4)
            body = _read(self._client, struct.unpack("!i", length)[0] - 4)
            self._server.sendall(length + body)
            if struct.unpack("!i", body[:4])[0] not in SSL_OR_GSS_REQUESTS:
                break
        while True:
            kind, message = _read_message(self._client)
            if _is_commit(kind, message[5:]) and self._cutter.is_cut():
                if not self._cutter.is_applied:
                    return
                self._reply_is_lost.set()
            self._server.sendall(message)

    def _pass_replies(self) -> None:
        while True:  # the answer to a request for encryption is one byte, and the server says no
            first = _read(self._server, 1)
            if first != b"N":
                break
            self._client.sendall(first)
        length = _read(self._server, 4)
        rest = _read(self._server, struct.unpack("!i", length)[0] - 4)
        self._client.sendall(first + length + rest)
        while True:
            kind, message = _read_message(self._server)
            if self._reply_is_lost.is_set():
                if kind == _COMPLETE and b"COMMIT" in message:
                    return
                continue
            self._client.sendall(message)


def _is_commit(kind: bytes, body: bytes) -> bool:
    if kind not in (_QUERY, _PARSE):
        return False
    query = body.split(b"\0", 1)[1] if kind == _PARSE else body
    return query.strip(b"\0 ;").upper() == b"COMMIT"


def _read_message(source: socket.socket) -> tuple[bytes, bytes]:
    head = _read(source, 5)
    return head[:1], head + _read(source, struct.unpack("!i", head[1:])[0] - 4)


def _read(source: socket.socket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        block = source.recv(size - len(data))
        if not block:
            raise EOFError
        data += block
    return bytes(data)
