# SPDX-License-Identifier: Apache-2.0
"""Servers that behave badly below HTTP, where neither hubsim nor fault_proxy.py reaches.

BadServer(behaviour): each connection is handed to behaviour(connection) in a thread of its own; it counts them.
Gate(address): forwards to address, and can be shut: connections are reset at once, or accepted and never served.
ConnectProxy(names): a proxy that knows addresses of names, keeps what it was told, and may ask for a login.
"""
import base64
import select
import socket
import struct
import threading
import time

BLOCK = 65536


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_head(connection):
    """One request's head, or what came of it."""
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(BLOCK)
        if not more:
            break
        head += more
    return head


def splice(one, other):
    """Both ways, until one side ends."""
    with one, other:
        while True:
            for ready in select.select([one, other], [], [])[0]:
                data = ready.recv(BLOCK)
                if not data:
                    return
                (other if ready is one else one).sendall(data)


class BadServer:
    def __init__(self, behaviour):
        self.behaviour, self.count, self.met, self.ended = behaviour, 0, set(), threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.listener.close()

    def accept(self):
        while True:
            try:
                connection, peer = self.listener.accept()
            except OSError:
                return
            self.count += 1
            self.met.add(peer)
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        try:
            with connection:
                self.behaviour(connection)
        except OSError:
            pass


class Gate(BadServer):
    OPEN, RESET, SILENT = "open", "reset", "silent"

    def __init__(self):
        super().__init__(self.pass_on)
        self.state, self.address = Gate.OPEN, None
        self.passing, self.own = [], 0

    def pass_on(self, connection):
        if self.state == Gate.RESET:
            reset(connection)
        elif self.state == Gate.SILENT:
            self.ended.wait()
        else:
            host, port = self.address.rsplit(":", 1)
            behind = socket.create_connection((host, int(port)))
            self.passing += [connection, behind]
            splice(connection, behind)

    def count_all(self):
        """Connections so far, with those that the kernel has taken and the thread has not met: they stand in line before ours."""
        with socket.create_connection(self.listener.getsockname()) as last:
            while last.getsockname() not in self.met:
                time.sleep(0.001)
        self.own += 1
        return self.count - self.own

    def shut(self, state):
        """From now on; what is under way ends."""
        self.state = state
        while self.passing:
            try:
                self.passing.pop().shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class ConnectProxy(BadServer):
    def __init__(self, names, login=None):
        super().__init__(self.tunnel)
        self.names, self.login, self.heads = names, login, []

    def is_let_in(self, head):
        wanted = base64.b64encode((self.login or "").encode()).decode()
        return not self.login or f"proxy-authorization: basic {wanted}".lower() in head.lower()

    def tunnel(self, connection):
        head = read_head(connection).decode("latin-1")
        self.heads.append(head)
        method, target = head.split()[:2]
        if not self.is_let_in(head):
            connection.sendall(b"HTTP/1.1 407 Who are you\r\nX-Of: proxy\r\ncontent-length: 0\r\n\r\n")
        elif method != "CONNECT" or target not in self.names:
            connection.sendall(b"HTTP/1.1 403 No\r\ncontent-length: 0\r\n\r\n")
        else:
            behind = socket.create_connection(self.names[target])
            connection.sendall(b"HTTP/1.1 200 Go ahead\r\nratelimit: \"api\";r=0;t=300\r\n\r\n")
            splice(connection, behind)
