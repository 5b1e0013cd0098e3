"""A server that writes what it likes: one connection, one answer, each in a thread of its own."""

import socket
import threading
from contextlib import contextmanager, suppress


@contextmanager
def listening(answer):
    """Call answer(connection) for each connection while the block runs; give the port."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)

    def serve(connection):
        with connection, suppress(OSError, ValueError):
            connection.settimeout(30)
            answer(connection)

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
