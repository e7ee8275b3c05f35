# test/compare/peer.py: a server process and raw clients of it.
import glob
import json
import os
import socket
import subprocess
import tempfile
import time


class Server:
    """One process on a free port; stops with the `with` block."""

    def __init__(self, binary, config):
        self.dir = tempfile.TemporaryDirectory(prefix="troupe-compare-")
        path = os.path.join(self.dir.name, "server.conf")
        with open(path, "w") as out:
            out.write(f'listen: "127.0.0.1:-1"\nports_file_dir: "{self.dir.name}"\n{config}')
        self.log = open(os.path.join(self.dir.name, "log"), "w+")
        self.process = subprocess.Popen([binary, "-c", path], stdout=self.log, stderr=self.log)
        self.port = None
        deadline = time.monotonic() + 20
        while self.port is None:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                text = self.log.read()
                self.stop()
                raise RuntimeError(f"{binary} did not start: {text}")
            for name in glob.glob(os.path.join(self.dir.name, "*.ports")):
                try:
                    with open(name) as file:
                        self.port = int(json.load(file)["nats"][0].rsplit(":", 1)[1])
                except (ValueError, KeyError, IndexError):
                    pass  # not written to its end
            time.sleep(0.01)

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.log.close()
        self.dir.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Peer:
    """A client that writes lines and keeps what it hears."""

    def __init__(self, port, user):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.heard = []  # (subject, sid, reply, header, body)
        self.errors = []
        self.send(f'CONNECT {{"user":"{user}","pass":"p","verbose":false,"pedantic":false,'
                  '"headers":true,"no_responders":true,"lang":"compare","version":"1"}\r\n')
        self.fence()

    def send(self, text):
        self.socket.sendall(text.encode())

    def fence(self):
        self.send("PING\r\n")
        while not self.read_one():
            pass

    def line(self):
        while b"\r\n" not in self.buffer:
            self.more()
        out, self.buffer = self.buffer.split(b"\r\n", 1)
        return out.decode()

    def more(self):
        data = self.socket.recv(65536)
        if not data:
            raise RuntimeError("the server closed a connection; errors: " + str(self.errors))
        self.buffer += data

    def read_one(self):
        """True at a PONG."""
        words = self.line().split(" ")
        if words[0] == "-ERR":
            self.errors.append(" ".join(words))
        elif words[0] in ("MSG", "HMSG"):
            numbers = 2 if words[0] == "HMSG" else 1
            size = int(words[-1])
            while len(self.buffer) < size + 2:
                self.more()
            body, self.buffer = self.buffer[:size].decode(), self.buffer[size + 2:]
            head = int(words[-2]) if numbers == 2 else 0
            reply = words[3] if len(words) > 3 + numbers else ""
            self.heard.append((words[1], words[2], reply, body[:head], body[head:]))
        return words[0] == "PONG"

    def close(self):
        self.socket.close()
