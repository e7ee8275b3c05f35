#!/usr/bin/env python3
# test/compare/sharing.py: plays random worlds of accounts to two servers and lists what differs.
import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict

from later import add_maxima, add_reload, add_weights
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
    """One world on one server, round after round."""

    def __init__(self, world, port, with_503):
        self.with_503 = with_503
        self.world = world
        self.peers = {c.user: Peer(port, c.user, echo=c.echo) for c in world.clients}
        self.queues = {(c.user, sid): q for c in world.clients for _, q, sid in c.subscriptions}
        self.by_chance = any("copies" in s for steps in world.rounds for s in steps)
        self.result = {}
        for client in world.clients:
            peer = self.peers[client.user]
            for subject, queue, sid in client.subscriptions:
                peer.send(f"SUB {subject} {queue} {sid}\r\n")
                if sid in client.maxima:
                    peer.send(f"UNSUB {sid} {client.maxima[sid]}\r\n")
            peer.fence()

    def play(self, number):
        """One of the world's rounds."""
        self.fence()  # what a reload has to say
        for step in self.world.rounds[number]:
            if "unsubscribe" in step:
                peer = self.peers[step["unsubscribe"].user]
                peer.send(f"UNSUB {step['sid']} {step['maximum'] or ''}\r\n")
                peer.fence()
                continue
            bodies = [step["body"]]
            if "copies" in step:
                bodies = [f"{step['body']}.{n}" for n in range(step["copies"])]
            self.publish(step["from"].user, step["subject"], step["reply"], bodies)
        self.fence()
        heard = {u: list(p.heard) for u, p in self.peers.items()}
        self.result[f"messages of round {number}"] = self.take()
        self.answer(heard)
        self.result[f"answers of round {number}"] = self.take()
        self.result[f"errors of round {number}"] = {u: self.errors_of(u) for u in self.peers}

    def errors_of(self, user):
        """Where messages go is chance, how many were refused is as well."""
        peer = self.peers[user]
        out = Counter(map(without_names, peer.errors))
        peer.errors = []
        return sorted(out) if self.by_chance else sorted(out.items())

    def close(self):
        for peer in self.peers.values():
            peer.close()

    def publish(self, user, subject, reply, bodies):
        peer = self.peers[user]
        for body in bodies:
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
                    self.publish(user, reply, "", [f"r{body}"])
        self.fence()

    def take(self):
        """By message: who heard it how. Of a queue group it counts only how many did. Of a message
        that was sent again and again it counts only what came out at least once."""
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
        if self.by_chance and "" in out:
            out[""] = Counter(set(out[""]))  # 503s have no body
        outcomes = defaultdict(set)
        for body, heard in out.items():
            outcomes[body.split(".")[0]].add(tuple(sorted(heard.items())))
        return {body: sorted(all) for body, all in outcomes.items()}


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


def config_of(worlds, number):
    """A world without a reload stays as it is."""
    return ("accounts {\n" + "".join(w.configs[min(number, len(w.configs) - 1)] for w in worlds)
            + "}\n")


def play(worlds, binaries, old):
    """Plays worlds that share a process of each binary; answers what differs."""
    plays = []
    for binary in binaries:
        with Server(binary, config_of(worlds, 0)) as server:
            mine = [Play(each, server.port, not old) for each in worlds]
            for each in mine:
                each.play(0)
            if any(w.reloads for w in worlds):
                server.reload(config_of(worlds, 1))
                for each in mine:
                    if each.world.reloads:
                        each.play(1)
            for each in mine:
                each.close()
            plays.append(mine)
    return [found for ours, theirs in zip(*plays)
            for found in differences(ours.world, ours.result, theirs.result)]


def extras(seed, wanted):
    """What a world has besides: each kind its turn."""
    return [] if not wanted else ([], [add_maxima], [add_weights], [add_reload])[seed % 4]


def show(world):
    print(*world.configs, sep="after the reload\n")
    for client in world.clients:
        print(f"{client.user}: {client.subscriptions} maxima {client.maxima} echo {client.echo}")
    for step in (s for steps in world.rounds for s in steps):
        if "unsubscribe" in step:
            print(f"UNSUB {step['unsubscribe'].user} {step['sid']} {step['maximum']}")
        else:
            print(f"{step['body']}: {step['from'].user} {step['subject']} {step['reply']}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--ours", required=True)
    parser.add_argument("--theirs", required=True)
    parser.add_argument("--worlds", type=int, default=100)
    parser.add_argument("--seed", type=int, help="play this one only, and show it")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--extras", action="store_true",
                        help="also with maxima, with weights, with a reload (later.py)")
    args = parser.parse_args()
    version = subprocess.run([args.theirs, "--version"], capture_output=True, text=True).stdout
    old = "v2.9." in version
    seeds = [args.seed] if args.seed else range(args.first, args.first + args.worlds)
    found, played = [], Counter()
    waiting = []
    for seed in seeds:
        more = extras(seed, args.extras)
        world = World(seed, f"w{len(waiting)}x", old, more)
        if args.seed:
            show(world)
        judged = [(accepts(args.ours, c), accepts(args.theirs, c))
                  for c in (config_of([world], n) for n in range(len(world.configs)))]
        for (ours, why), (theirs, their_why) in judged:
            if ours != theirs:
                found.append(f"seed {seed}: ours {'starts' if ours else why}; "
                             f"theirs {'starts' if theirs else their_why}")
        if all(ours[0] and theirs[0] for ours, theirs in judged):
            waiting.append(world)
            played[more[0].__name__ if more else "plain"] += 1
        if len(waiting) == AT_ONCE or (waiting and seed == seeds[-1]):
            found += play(waiting, (args.ours, args.theirs), old)
            waiting = []
    print(*found, f"{sum(played.values())} worlds played ({dict(played)}), "
          f"{len(found)} differences", sep="\n")
    return 1 if found or not played else 0


if __name__ == "__main__":
    sys.exit(main())
