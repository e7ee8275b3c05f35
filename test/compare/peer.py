# test/compare/peer.py: a server process and raw clients of it.
import glob
import json
import os
import signal
import socket
import subprocess
import tempfile
import time


class Server:
    """One process on a free port; stops with the `with` block."""

    def __init__(self, binary, config, choria=False, name="broker.conf"):
        """`choria`: Troupe's own command with any of its formats, by `name`; @PORT@ is the port."""
        self.dir = tempfile.TemporaryDirectory(prefix="troupe-compare-")
        self.path = os.path.join(self.dir.name, name)
        self.log = open(os.path.join(self.dir.name, "log"), "w+")
        self.choria = choria
        self.port = self.free_port() if choria else None
        self.write(config)
        command = [binary, "run", "--config", self.path] if choria else [binary, "-c", self.path]
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        self.await_start(binary)

    held = []  # sockets that do not listen

    @classmethod
    def free_port(cls):
        """Choria's file has no way to ask for any port. It is held to the end, so that the system gives it to
        nobody who asks for any; a server that names it shares it, as both say SO_REUSEADDR."""
        one = socket.socket()
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        one.bind(("127.0.0.1", 0))
        cls.held.append(one)
        return one.getsockname()[1]

    def write(self, config):
        with open(self.path, "w") as out:
            if self.choria:
                out.write(config.replace("@PORT@", str(self.port)))
            else:
                out.write(f'listen: "127.0.0.1:-1"\nports_file_dir: "{self.dir.name}"\n{config}')

    def reconfigure(self, config):
        """Returns at once: the reload happens soon."""
        self.write(config)
        self.process.send_signal(signal.SIGHUP)

    def reload(self, config, settle=0.3):
        """Returns when it is in force; for connections, a moment after the log says so."""
        before = self.said("Reloaded server configuration")
        self.reconfigure(config)
        deadline = time.monotonic() + 20
        while self.said("Reloaded server configuration") == before:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no reload: {open(self.log.name).read()[-2000:]}")
            time.sleep(0.01)
        time.sleep(settle)

    def said(self, text):
        with open(self.log.name) as log:
            return log.read().count(text)

    def await_start(self, binary):
        deadline = time.monotonic() + 20
        while not self.is_listening():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.log.seek(0)
                text = self.log.read()
                self.stop()
                raise RuntimeError(f"{binary} did not start: {text}")
            time.sleep(0.01)

    def is_listening(self):
        if self.choria:
            try:
                socket.create_connection(("127.0.0.1", self.port)).close()
                return True
            except ConnectionRefusedError:
                return False
        for name in glob.glob(os.path.join(self.dir.name, "*.ports")):
            try:
                with open(name) as file:
                    self.port = int(json.load(file)["nats"][0].rsplit(":", 1)[1])
                return True
            except (ValueError, KeyError, IndexError):
                pass  # not written to its end
        return False

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

    def __init__(self, port, user="", source="", echo=True, jwt="", key=None):
        """`jwt`: instead of a user's name; of a bearer, if there is no `key` to sign with."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20,
                                               source_address=(source, 0) if source else None)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""
        self.heard = []  # (subject, sid, reply, header, body)
        self.errors = []
        self.info = json.loads(self.line().split(" ", 1)[1])
        who = f'"jwt":"{jwt}"' if jwt else f'"user":"{user}","pass":"p"'
        if key:
            who += f',"sig":"{key.sign(self.info["nonce"])}"'
        self.send(f'CONNECT {{{who},"verbose":false,"pedantic":false,'
                  f'"headers":true,"no_responders":true,"echo":{str(echo).lower()},'
                  '"lang":"compare","version":"1"}\r\n')
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
