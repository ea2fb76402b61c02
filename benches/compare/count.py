"""A relay that counts: `count.py LISTEN UPSTREAM`. For each line on standard input it answers with the number of HTTP
requests, bytes towards the store and bytes back since the last answer. It slows a program down, so no time measured through
it is a figure. A request is known by the end of its first line."""

import socket
import sys
import threading

MARK = b" HTTP/1.1\r\n"


class Counts:
    """What went through."""

    def __init__(self):
        self.lock, self.values = threading.Lock(), [0, 0, 0]

    def add(self, which, number):
        with self.lock:
            self.values[which] += number

    def take(self):
        with self.lock:
            taken, self.values = self.values, [0, 0, 0]
        return taken


def relay(source, target, counts, direction):
    """Passes bytes on until there are no more."""
    tail = b""
    try:
        while piece := source.recv(1 << 16):
            target.sendall(piece)
            counts.add(direction, len(piece))
            if direction == 1:
                counts.add(0, (tail + piece).count(MARK))
                tail = (tail + piece)[-(len(MARK) - 1) :]
        target.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        target.close()


def serve(listen, upstream, counts):
    """Two threads for each connection."""
    server = socket.create_server(listen, backlog=128)
    while True:
        client, _ = server.accept()
        store = socket.create_connection(upstream)
        for end in (client, store):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=relay, args=(client, store, counts, 1), daemon=True).start()
        threading.Thread(target=relay, args=(store, client, counts, 2), daemon=True).start()


def address(text):
    """HOST:PORT"""
    host, port = text.rsplit(":", 1)
    return host, int(port)


def main():
    """Serves until standard input ends."""
    counts = Counts()
    threading.Thread(target=serve, args=(address(sys.argv[1]), address(sys.argv[2]), counts), daemon=True).start()
    for _ in sys.stdin:
        print(*counts.take(), flush=True)


if __name__ == "__main__":
    main()
