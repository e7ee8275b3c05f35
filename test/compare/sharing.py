#!/usr/bin/env python3
# test/compare/sharing.py: plays random worlds of accounts to two servers and lists what differs.
import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

from peer import Peer, Server
from worlds import World

AT_ONCE = 10  # worlds that share a process


def without_chance(subject):
    """Responses have random names."""
    return ".".join("@" if len(t) >= 6 else t for t in subject.split("."))


def without_names(error):
    return re.sub(r"_R_[.]\w+[.]\w+", "_R_.@.@", error)


def whence(head):
    """What the header of an imported service's request says of its way."""
    found = re.search(r"Nats-Request-Info: (.*)\r\n", head)
    if not found:
        return "none"
    info = json.loads(found[1])
    return f"acc {info.get('acc')} svc {info.get('svc')}"


class Play:
    """One world on one server."""

    def __init__(self, world, port, with_503):
        self.with_503 = with_503
        self.world = world
        self.peers = {c.user: Peer(port, c.user, echo=c.echo) for c in world.clients}
        self.queues = {(c.user, sid): q for c in world.clients for _, q, sid in c.subscriptions}
        for client in world.clients:
            peer = self.peers[client.user]
            for subject, queue, sid in client.subscriptions:
                peer.send(f"SUB {subject} {queue} {sid}\r\n")
            peer.fence()
        for message in world.messages:
            self.publish(message["from"].user, message["subject"], message["reply"],
                         message["body"])
        self.fence()
        heard = {u: list(p.heard) for u, p in self.peers.items()}
        self.first = self.take()
        self.answer(heard)
        self.second = self.take()
        self.errors = {u: sorted(map(without_names, p.errors)) for u, p in self.peers.items()}
        for peer in self.peers.values():
            peer.close()

    def publish(self, user, subject, reply, body):
        peer = self.peers[user]
        peer.send(f"PUB {subject} {reply} {len(body)}\r\n{body}\r\n")
        peer.fence()

    def fence(self):
        for peer in self.peers.values():
            peer.fence()

    def answer(self, heard):
        """Those who heard a request as plain subscribers answer, each once, one after the other."""
        for user, messages in heard.items():
            for subject, sid, reply, _, body in messages:
                if reply.startswith("_R_.") and not self.queues[user, sid]:
                    self.publish(user, reply, "", f"r{body}")
        self.fence()

    def take(self):
        """By message: who heard it how. Of a queue group it counts only how many did."""
        out = defaultdict(Counter)
        for user, peer in self.peers.items():
            for subject, sid, reply, head, body in peer.heard:
                status = head.startswith("NATS/1.0 503")
                if status and not self.with_503:
                    continue
                queue = self.queues[user, sid]
                who = f"group {queue}" if queue else f"{user} sid {'any' if status else sid}"
                what = "503" if status else f"as {without_chance(subject)}"
                asks = without_chance(reply) if reply else "nobody"
                info = whence(head)
                out[body][f"{who} {what} reply {asks} info {info}"
                          if not queue else f"{who} reply {asks}"] += 1
            peer.heard = []
        return out

    def result(self):
        return {"messages": self.first, "answers": self.second, "errors": self.errors}


def accepts(binary, config):
    with tempfile.NamedTemporaryFile("w", suffix=".conf") as file:
        file.write(config)
        file.flush()
        done = subprocess.run([binary, "-t", "-c", file.name], capture_output=True, text=True)
    return done.returncode == 0, (done.stdout + done.stderr).strip()


def differences(world, ours, theirs):
    for part in ours:
        for key in sorted(set(ours[part]) | set(theirs[part])):
            a, b = ours[part].get(key), theirs[part].get(key)
            if a != b:
                yield f"seed {world.seed}: {part} {key!r}\n  ours   {a}\n  theirs {b}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--theirs", required=True)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, help="play this one only, and show it")
    parser.add_argument("--first", type=int, default=1)
    args = parser.parse_args()
    version = subprocess.run([args.theirs, "--version"], capture_output=True, text=True).stdout
    old = "v2.9." in version
    seeds = [args.seed] if args.seed else range(args.first, args.first + args.worlds)
    found, played = [], 0
    waiting = []
    for seed in seeds:
        world = World(seed, f"w{len(waiting)}x", old)
        config = f"accounts {{\n{world.config()}}}\n"
        if args.seed:
            print(config, *(f"{c.user}: {c.subscriptions}" for c in world.clients),
                  *(f"{m['body']}: {m['from'].user} {m['subject']} {m['reply']}"
                    for m in world.messages), sep="\n")
        (ours, why), (theirs, their_why) = accepts(args.ours, config), accepts(args.theirs, config)
        if ours != theirs:
            found.append(f"seed {seed}: ours {'starts' if ours else why}; "
                         f"theirs {'starts' if theirs else their_why}")
        if ours and theirs:
            waiting.append(world)
        if len(waiting) == AT_ONCE or (waiting and seed == seeds[-1]):
            config = "accounts {\n" + "".join(w.config() for w in waiting) + "}\n"
            with Server(args.ours, config) as one, Server(args.theirs, config) as other:
                for each in waiting:
                    found += differences(each, Play(each, one.port, not old).result(),
                                         Play(each, other.port, not old).result())
                    played += 1
            waiting = []
    print(*found, f"{played} worlds played, {len(found)} differences", sep="\n")
    return 1 if found or not played else 0


if __name__ == "__main__":
    sys.exit(main())
