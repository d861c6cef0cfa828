"""The HTTP protocol with bounds that the server doesn't have: header size, and time to send it."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"connection: close\r\ncontent-length: 0\r\n\r\n"
)


def bound_protocol(*, header_bytes: int, seconds: int) -> type[HttpToolsProtocol]:
    """Makes a protocol that closes connections whose request doesn't get to its body.

    Args:
        header_bytes: Size of the header of a request, its first line included.
        seconds: How long a client may take to send it.

    Returns:
        A class to be given to the server.
    """

    class BoundedProtocol(HttpToolsProtocol):
        """One connection."""

        _head_bytes = 0
        _is_in_head = True
        _timer: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)  # type: ignore[arg-type]  # a TCP transport
            self._expect_head()

        def connection_lost(self, exc: Exception | None) -> None:
            self._stop_timer()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            while data and not self.transport.is_closing():
                if not self._is_in_head:
                    super().data_received(data)
                    return
                room = header_bytes - self._head_bytes
                if room <= 0:
                    self.transport.write(_TOO_LARGE)
                    self.transport.close()
                    return
                self._head_bytes += len(data[:room])
                super().data_received(data[:room])
                data = data[room:]

        def on_message_begin(self) -> None:
            super().on_message_begin()
            if not self._is_in_head:
                self._expect_head()

        def on_headers_complete(self) -> None:
            self._is_in_head = False
            self._stop_timer()
            super().on_headers_complete()

        def _expect_head(self) -> None:
            self._is_in_head = True
            self._head_bytes = 0
            self._stop_timer()
            self._timer = self.loop.call_later(seconds, self._give_up)

        def _give_up(self) -> None:
            if self.transport is not None and not self.transport.is_closing():
                self.transport.close()

        def _stop_timer(self) -> None:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    return BoundedProtocol
