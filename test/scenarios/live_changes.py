#!/usr/bin/env python3
# test/scenarios/live_changes.py: accounts change under a thousand connections that go on talking.
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from peer import Peer, Server  # noqa: E402

PAIRS = 490  # a publisher and a subscriber each
PATIENCE = 20.0  # on a starved machine too; what each change took is printed: a second is asked


def config(limit=50, ousted=True, newcomer=False, imports=True):
    users = "{user: bystander, password: p}"
    gone = ", {user: ousted, password: p}" if ousted else ""
    feed = '{stream: {account: SOURCE, subject: "feed"}, to: "in.feed"}' if imports else ""
    return f"""accounts {{
  CROWD {{ users: [{users}{gone}] }}
  SMALL {{ users: [{{user: small, password: p}}], limits: {{max_connections: {limit}}} }}
  SOURCE {{ users: [{{user: source, password: p}}], exports: [{{stream: "feed"}}] }}
  SINK {{ users: [{{user: sink, password: p}}], imports: [{feed}] }}
  {"NEW { users: [{user: newcomer, password: p}] }" if newcomer else ""}
}}
"""


class Crowd:
    """Pairs that send each other numbered messages, and must never notice anything."""

    def __init__(self, connect):
        self.number = 0
        self.pairs = []
        for n in range(PAIRS):
            publisher, subscriber = connect(), connect()
            subscriber.send(f"SUB pair.{n} 1\r\n")
            subscriber.fence()
            self.pairs.append((publisher, subscriber))

    def talk(self):
        self.number += 1
        body = str(self.number)
        for n, (publisher, _) in enumerate(self.pairs):
            publisher.send(f"PUB pair.{n} {len(body)}\r\n{body}\r\n")

    def check(self):
        for publisher, _ in self.pairs:
            publisher.fence()
        for n, (publisher, subscriber) in enumerate(self.pairs):
            subscriber.fence()
            heard = [int(body) for _, _, _, _, body in subscriber.heard]
            assert heard == list(range(1, self.number + 1)), f"pair {n} heard {heard}"
            assert not publisher.errors and not subscriber.errors, f"pair {n} was told an error"


def seen_soon(crowd, what, happened):
    """The crowd talks on until it has happened."""
    began = time.monotonic()
    while not happened():
        assert time.monotonic() - began < PATIENCE, f"{what}: not seen"
        time.sleep(0.005)
    took = time.monotonic() - began
    crowd.talk()
    print(f"{what}: {took * 1000:.0f} ms")


def is_closed(peer):
    """Looks without waiting."""
    peer.socket.settimeout(0.001)
    try:
        data = peer.socket.recv(65536)
        peer.buffer += data
        return data == b""
    except TimeoutError:
        return False
    except ConnectionResetError:
        return True
    finally:
        peer.socket.settimeout(20)


def logs_in(port, user):
    try:
        Peer(port, user).close()
        return True
    except RuntimeError:
        return False


def hears_feed(source, sink):
    sink.heard = []
    source.send("PUB feed 1\r\nx\r\n")
    source.fence()
    sink.fence()
    return [m[0] for m in sink.heard] == ["in.feed"]


def main():
    with Server(sys.argv[1] + "/nats-server", config()) as server:
        crowd = Crowd(lambda: Peer(server.port, "bystander"))
        small = [Peer(server.port, "small") for _ in range(18)]
        ousted, source, sink = (Peer(server.port, u) for u in ("ousted", "source", "sink"))
        sink.send("SUB in.> 1\r\n")
        sink.fence()
        assert hears_feed(source, sink)
        crowd.talk()
        server.reconfigure(config(limit=5))
        seen_soon(crowd, "a limit lowered: the newest connections end",
                        lambda: all([is_closed(p) for p in small[5:]]))
        assert all(b"maximum account active connections exceeded" in p.buffer for p in small[5:])
        for stayed in small[:5]:
            stayed.fence()
        server.reconfigure(config(limit=5, ousted=False))
        seen_soon(crowd, "a user removed: its connection ends", lambda: is_closed(ousted))
        server.reconfigure(config(limit=5, ousted=False, newcomer=True))
        crowd.talk()
        # Each refused login takes its 200 ms, so the first tries may come too early.
        began = time.monotonic()
        while not logs_in(server.port, "newcomer"):
            assert time.monotonic() - began < PATIENCE, "the new account is not there"
        server.reconfigure(config(limit=5, ousted=False, newcomer=True, imports=False))
        seen_soon(crowd, "an import removed: the stream ends",
                        lambda: not hears_feed(source, sink))
        server.reconfigure(config(limit=5, ousted=False, newcomer=True))
        seen_soon(crowd, "and back: it flows again", lambda: hears_feed(source, sink))
        crowd.talk()
        crowd.check()
        print(f"{2 * PAIRS} bystanders heard all of {crowd.number} messages in order")


if __name__ == "__main__":
    main()
