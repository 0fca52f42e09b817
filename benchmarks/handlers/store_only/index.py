"""A handler that asks the store once and does nothing else: what any handler that stores something has to pay."""

import os
import socket

_HOST, _, _PORT = os.environ["AWS_ENDPOINT_URL_DYNAMODB"].removeprefix("http://").partition(":")
_REQUEST = b"POST / HTTP/1.1\r\nContent-Length: 2500\r\n\r\n" + b"x" * 2500
_CONNECTION = socket.create_connection((_HOST, int(_PORT)))
_CONNECTION.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def handler(_event: object, _context: object) -> dict[str, object]:
    """Answer once the store has answered."""
    _CONNECTION.sendall(_REQUEST)
    _CONNECTION.recv(4096)
    return {"statusCode": 200}
