# test/scenarios/mesh.py: brokers of a mesh as processes, and a node at each that numbers what it says.
import ctypes
import json
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from peer import Server  # noqa: E402

PATIENCE = 30  # seconds in which a start, an end or the last message has to come


def inside(space, work):
    """Does `work` in a network namespace (None: this one); a socket made there stays there."""
    if space is None:
        return work()
    out = {}

    def enter():
        try:
            with open(f"/run/netns/{space}") as handle:
                if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), 0x40000000) != 0:
                    raise OSError(ctypes.get_errno(), f"setns {space}")
            out["result"] = work()
        except BaseException as error:  # handed to the caller
            out["error"] = error

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    if "error" in out:
        raise out["error"]
    return out["result"]


class Broker:
    """One member; `binary` takes nats-server's flags. Its links notice a dead peer after three seconds."""

    def __init__(self, binary, name, cluster, host="127.0.0.1", space=None):
        self.binary, self.name, self.cluster, self.host, self.space = binary, name, cluster, host, space
        self.folder = tempfile.TemporaryDirectory(prefix="troupe-mesh-")
        self.port, self.monitoring, self.route, self.gateway = (
            (4222, 8222, 6222, 7222) if space else [Server.free_port() for _ in range(4)])
        self.process = None

    def configure(self, members, clusters):
        """`members` of its cluster; `clusters`: all, by name, if there are gateways."""
        routes = ", ".join(f'"nats-route://{m.host}:{m.route}"' for m in members if m is not self)
        text = f'''server_name: {self.name}
listen: "{self.host}:{self.port}"
http: "{self.host}:{self.monitoring}"
ping_interval: "1s"
ping_max: 2
cluster {{
  name: {self.cluster}, listen: "{self.host}:{self.route}"
  routes: [{routes}]
}}
'''
        if clusters:
            remotes = "\n".join(
                f'    {{ name: {name}, urls: [' +
                ", ".join(f'"nats://{m.host}:{m.gateway}"' for m in of) + "] }"
                for name, of in clusters.items())
            text += f'''gateway {{
  name: {self.cluster}, listen: "{self.host}:{self.gateway}"
  gateways: [
{remotes}
  ]
}}
'''
        pathlib.Path(self.folder.name, "broker.conf").write_text(text)

    def start(self):
        command = [self.binary, "-c", f"{self.folder.name}/broker.conf"]
        if self.space:
            command = ["ip", "netns", "exec", self.space] + command
        with open(f"{self.folder.name}/log", "a") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            try:
                self.ask("/healthz")
                return
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{self.name} does not start: {self.said()}")

    def ask(self, path):
        def read():
            url = f"http://{self.host}:{self.monitoring}{path}"
            with urllib.request.urlopen(url, timeout=5) as answer:
                return json.load(answer)
        return inside(self.space, read)

    def said(self):
        return pathlib.Path(self.folder.name, "log").read_text()[-3000:]

    def send(self, what):
        self.process.send_signal(what)

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(timeout=PATIENCE)

    def memory(self):
        """Resident, in KiB."""
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0


class Node(threading.Thread):
    """A client that says `from.<name> <number>` about a thousand times a second, and hears everybody."""

    def __init__(self, broker, name):
        super().__init__(daemon=True)
        self.broker, self.name = broker, name
        self.said = 0
        self.first = {}  # by speaker: the first number heard
        self.heard = {}  # by speaker: the last number heard
        self.wrong = []  # what came twice, late or never
        self.talking = True
        self.over = False
        self.failure = None
        self.socket = inside(broker.space, lambda: socket.create_connection(
            (broker.host, broker.port), timeout=PATIENCE))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b'CONNECT {"verbose":false,"lang":"mesh","version":"1"}\r\n'
                            b"SUB from.> 1\r\nPING\r\n")
        self.rest = b""
        while b"PONG\r\n" not in self.rest:
            data = self.socket.recv(65536)
            if not data:
                raise RuntimeError(f"{broker.name} refuses {name}: {self.rest!r}")
            self.rest += data
        self.rest = self.rest.split(b"PONG\r\n", 1)[1]
        self.socket.setblocking(False)
        self.start()

    def run(self):
        try:
            while not self.over:
                readable, _, _ = select.select([self.socket], [], [], 0.001)
                if readable:
                    self.hear()
                elif self.talking:
                    self.say()
        except (OSError, RuntimeError) as error:
            self.failure = str(error)

    def say(self):
        number = b"%d" % (self.said + 1)
        try:
            self.socket.send(b"PUB from.%s %d\r\n%s\r\n" % (self.name.encode(), len(number), number))
            self.said += 1
        except BlockingIOError:
            pass  # the broker stands still

    def hear(self):
        data = self.socket.recv(65536)
        if not data:
            raise RuntimeError("the connection ended")
        lines = (self.rest + data).split(b"\r\n")
        self.rest = lines.pop()
        at = 0
        while at < len(lines):
            words = lines[at].split(b" ")
            if words[0] == b"MSG":
                if at + 1 == len(lines):
                    self.rest = lines[at] + b"\r\n" + self.rest
                    break
                self.note(words[1][5:].decode(), int(lines[at + 1]))
                at += 1
            elif words[0] == b"PING":
                self.socket.sendall(b"PONG\r\n")
            elif words[0] == b"-ERR":
                self.wrong.append(lines[at].decode())
            at += 1

    def note(self, speaker, number):
        before = self.heard.get(speaker)
        self.first.setdefault(speaker, number)
        if before is not None and number != before + 1:
            self.wrong.append((speaker, before, number))
        self.heard[speaker] = number

    def finish(self):
        self.over = True
        self.join(timeout=PATIENCE)
        self.socket.close()


class Mesh:
    """Brokers with a node at each; leaves nothing behind."""

    def __init__(self, brokers, gateways=False):
        self.brokers = brokers
        clusters = {}
        for broker in brokers:
            clusters.setdefault(broker.cluster, []).append(broker)
        for broker in brokers:
            broker.configure(clusters[broker.cluster], clusters if gateways else None)
        self.nodes = {}

    def __enter__(self):
        try:
            for broker in self.brokers:
                broker.start()
                self.meet(broker)
            self.await_flow(time.monotonic() + PATIENCE)
            self.forgive()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for node in self.nodes.values():
            node.over = True
        for broker in self.brokers:
            if broker.process and broker.process.poll() is None:
                broker.send(signal.SIGCONT)
            broker.stop()
            broker.folder.cleanup()

    def meet(self, broker):
        """A fresh node at this broker."""
        old = self.nodes.pop(broker.name, None)
        if old:
            old.over = True
            for other in self.nodes.values():  # its numbers begin anew
                other.heard.pop(broker.name, None)
        self.nodes[broker.name] = Node(broker, broker.name)

    def forgive(self):
        """What nodes have missed until now was bound to be: they came one after the other."""
        for node in self.nodes.values():
            node.wrong.clear()

    def await_flow(self, end):
        """Until everybody hears from everybody what is said now."""
        said = {name: node.said for name, node in self.nodes.items()}
        while True:
            silent = [(name, other) for name, node in self.nodes.items() for other in said
                      if node.heard.get(other, 0) <= said[other]]
            if not silent:
                return
            if time.monotonic() > end:
                logs = "\n".join(f"== {b.name}\n{b.said()}" for b in self.brokers)
                raise RuntimeError(f"no messages: {silent} {self.failures()}\n{logs}")
            time.sleep(0.01)

    def failures(self):
        return {name: node.failure for name, node in self.nodes.items() if node.failure}

    def judge(self, survivors):
        """Between these nothing was lost, doubled or out of order, up to now. Returns how many messages."""
        nodes = {name: self.nodes[name] for name in survivors}
        goals = {name: node.said for name, node in nodes.items()}
        end = time.monotonic() + PATIENCE
        while any(node.heard.get(other, 0) < goal
                  for node in nodes.values() for other, goal in goals.items()):
            failed = {name: node.failure for name, node in nodes.items() if node.failure}
            if failed or time.monotonic() > end:
                state = {name: node.heard for name, node in nodes.items()}
                raise RuntimeError(f"the last message does not come: {goals} {state} {failed}")
            time.sleep(0.01)
        for name, node in nodes.items():
            wrong = [each for each in node.wrong if isinstance(each, str) or each[0] in nodes]
            if wrong:
                logs = "\n".join(f"== {b.name}\n{b.said()}" for b in self.brokers)
                raise RuntimeError(f"{name} heard (speaker, before, then) {wrong[:5]} of {len(wrong)}\n{logs}")
        return sum(goals[other] - node.first[other] + 1 for node in nodes.values() for other in goals)
