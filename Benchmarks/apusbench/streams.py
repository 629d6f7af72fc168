"""A backend whose answers never end: two numbered chunks a second for every request, until the client goes.

`python3 -m apusbench.streams PORT`
"""
import selectors
import socket
import sys
import time

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
INTERVAL = 0.5
SLICES = 250  # parts of the interval, each with its share of the streams, so that they do not come in one burst


def chunk(number):
    text = f"{number}\n".encode()
    return b"%x\r\n%s\r\n" % (len(text), text)


def serve(port):
    selector = selectors.DefaultSelector()
    listener = socket.create_server(("127.0.0.1", port), backlog=4096)
    selector.register(listener, selectors.EVENT_READ)
    numbers = {}
    due, turn = time.monotonic(), 0
    while True:
        for key, _ in selector.select(max(0, due - time.monotonic())):
            if key.fileobj is listener:
                connection, _ = listener.accept()
                selector.register(connection, selectors.EVENT_READ)
                continue
            received = _receive(key.fileobj)
            if not received:
                numbers.pop(key.fileobj, None)
                selector.unregister(key.fileobj)
                key.fileobj.close()
            elif received.startswith(b"GET /stream"):
                key.fileobj.sendall(HEAD)
                numbers[key.fileobj] = 0
            else:
                key.fileobj.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n")
        if time.monotonic() >= due:
            due += INTERVAL / SLICES
            turn = (turn + 1) % SLICES
            for connection in numbers:
                if connection.fileno() % SLICES == turn:
                    _send(connection, chunk(numbers[connection]))
                    numbers[connection] += 1


def _receive(connection):
    try:
        return connection.recv(65536)
    except OSError:
        return b""


def _send(connection, data):
    try:
        connection.sendall(data)
    except OSError:
        pass  # its end is seen by the next read


if __name__ == "__main__":
    serve(int(sys.argv[1]))
