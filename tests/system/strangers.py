"""Servers that are not the platform: they say the same bytes to everybody, or nothing. Read next: test_strangers.py."""

import base64
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def http(status: int, body: bytes, headers: str = "content-type: application/json") -> bytes:
    return b"HTTP/1.1 %d X\r\n%s\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%s" % (
        status,
        headers.encode(),
        len(body),
        body,
    )


@contextmanager
def stranger(*says: bytes, sessions: bytes = b"") -> Iterator[str]:
    """Its address. It says these one after the other, the last for ever; nothing at all: it hangs.

    Whoever asks for a session is told `sessions`, if there is one."""
    left = list(says)
    over = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            asked: bytes = self.request.recv(65_536)
            if sessions and b"/getSession/" in asked:
                self.request.sendall(sessions)
                return
            if not left:
                over.wait(60)
                return
            self.request.sendall(left.pop(0) if len(left) > 1 else left[0])

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 50

    with Server(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()


def a_public_key() -> str:
    """Of an RSA key that nobody has."""
    public = generate_private_key(65537, 2048).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
