"""Plays the same list of stories to super clusters of different servers and compares who heard what.

A mesh: two members of cluster G1 (`hub`, `member`), cluster G2 (`other`), and a leaf node of `hub`
(`leaf`). In the first mesh all are the real server; then all are ours; then each place alone is the one
or the other. See README.md.
"""
import argparse
import itertools
import os
import socket
import subprocess
import sys
import tempfile
import time

from peer import Peer, Server

PLACES = ("hub", "member", "other", "leaf")
LARGE = "x" * 100_000


def release(binary):
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout


def make_certificates(folder):
    def run(*args):
        subprocess.run(["openssl", *args], cwd=folder, capture_output=True, check=True)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
        "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=ca", "-days", "2")
    run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
        "-out", "request.pem", "-subj", "/CN=localhost")
    with open(os.path.join(folder, "names"), "w") as out:
        out.write("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
    run("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial",
        "-out", "cert.pem", "-days", "2", "-extfile", "names")


class Mesh:
    def __init__(self, binaries, folder=None):
        """`binaries`: by place. `folder`: of certificates, for TLS on all links."""
        self.tls = ""
        if folder:
            self.tls = (f'tls {{ cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem", '
                        f'ca_file: "{folder}/ca.pem", verify: true }}')
        self.ports = {name: Server.free_port() for name in ("routes", "gateways", "leafs", "others")}
        self.servers = {}
        self.number = 0
        for place in PLACES:
            self.servers[place] = Server(binaries[place], self.config(place))
        self.await_links()

    def config(self, place):
        sharing = place != "leaf"
        exports = 'exports: [ { service: "svc" }, { stream: "str.>" } ]' if sharing else ""
        imports = ('imports: [ { service: { account: B, subject: "svc" }, to: "my.svc" }, '
                   '{ stream: { account: B, subject: "str.>" }, prefix: "imp" } ]') if sharing else ""
        out = (f'server_name: {place}\nsystem_account: S\naccounts {{\n'
               f'  A {{ users: [ {{ user: a, password: p }} ]\n {imports} }}\n'
               f'  B {{ users: [ {{ user: b, password: p }} ]\n {exports} }}\n'
               f'  S {{ users: [ {{ user: s, password: p }} ] }}\n}}\n')
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        routes = f'routes: [ "nats-route://{at["routes"]}" ]' if place == "member" else ""
        scheme = "tls" if self.tls else "nats-leaf"
        remotes = (f'[ {{ name: G1, url: "nats://{at["gateways"]}" }}, '
                   f'{{ name: G2, url: "nats://{at["others"]}" }} ]')
        if place in ("hub", "member"):
            mine = at["routes"] if place == "hub" else "127.0.0.1:-1"
            door = at["gateways"] if place == "hub" else "127.0.0.1:-1"
            out += f'cluster {{ name: G1, listen: "{mine}", {self.tls}\n {routes} }}\n'
            out += f'gateway {{ name: G1, listen: "{door}", {self.tls}\n gateways: {remotes} }}\n'
        if place == "hub":
            out += f'leafnodes {{ listen: "{at["leafs"]}", {self.tls} }}\n'
        if place == "other":
            out += f'gateway {{ name: G2, listen: "{at["others"]}", {self.tls}\n gateways: {remotes} }}\n'
        if place == "leaf":
            out += (f'leafnodes {{ remotes: [ {{ url: "{scheme}://a:p@{at["leafs"]}", account: A\n '
                    f'{self.tls} }} ] }}\n')
        return out

    def await_links(self):
        for here, there in itertools.permutations(PLACES, 2):
            with Talk(self, here, there) as talk:
                talk.settle()

    def fresh(self):
        self.number += 1
        return f"t{self.number}"

    def peer(self, place, user="a"):
        return Peer(self.servers[place].port, user)

    def stop(self):
        for each in self.servers.values():
            each.stop()


class Talk:
    """One who speaks, and one who listens."""

    def __init__(self, mesh, here, there, user="a", listener="a"):
        self.mesh = mesh
        self.speaker = mesh.peer(here, user)
        self.listener = mesh.peer(there, listener)
        self.name = mesh.fresh()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.speaker.close()
        self.listener.close()

    def settle(self, speaker=None, listener=None, way=None):
        """What the listener wants is known where the speaker is. `way`: what one publishes for the other
        to hear, and what that one subscribes to, with their names in it."""
        speaker = speaker or self.speaker
        listener = listener or self.listener
        said, wanted = way or ("probe.{}", "probe.{}")
        name = self.mesh.fresh()
        listener.send(f"SUB {wanted.format(name)} probe\r\n")
        listener.fence()
        deadline = time.monotonic() + 10
        while not any(sid == "probe" for _, sid, *_ in listener.heard):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no interest in {wanted.format(name)}")
            speaker.send(f"PUB {said.format(name)} 0\r\n\r\n")
            speaker.fence()
            time.sleep(0.005)
            listener.fence()
        listener.send("UNSUB probe\r\n")
        listener.fence()
        listener.heard = [each for each in listener.heard if each[1] != "probe"]

    def until(self, who, done, seconds=3):
        deadline = time.monotonic() + seconds
        while not done(who.heard) and time.monotonic() < deadline:
            time.sleep(0.003)
            who.fence()
        return who.heard

    def last(self, speaker=None, listener=None):
        """Everything that was published before has come."""
        speaker = speaker or self.speaker
        listener = listener or self.listener
        subject = "last." + self.mesh.fresh()
        listener.send(f"SUB {subject} last\r\n")
        self.settle(speaker, listener)
        speaker.send(f"PUB {subject} 0\r\n\r\n")
        self.until(listener, lambda heard: any(sid == "last" for _, sid, *_ in heard))
        return [each for each in listener.heard if each[1] != "last"]


def plainly(mesh, here, there, subscription, subject, say):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {subscription.format(talk.name)} 1\r\n")
        talk.settle()
        talk.speaker.send(say.format(subject.format(talk.name)))
        heard = talk.last()
        return [(subject.replace(talk.name, "T"), reply, header, body if len(body) < 100 else len(body))
                for subject, _, reply, header, body in heard]


def status_of(header):
    """Without what newer releases add to it."""
    return header.split("\r\n")[0]


def request(mesh, here, there, subject="{}", service="{}", asker="a", server="a"):
    with Talk(mesh, here, there, asker, server) as talk:
        name = subject.format(talk.name)
        talk.listener.send(f"SUB {service.format(talk.name)} 1\r\n")
        if asker == server:
            talk.settle()
        else:
            talk.listener.fence()
            time.sleep(0.2)
        inbox = "_INBOX." + talk.name
        talk.speaker.send(f"SUB {inbox} 2\r\nPUB {name} {inbox} 1\r\n?\r\n")
        heard = talk.until(talk.listener, lambda all: len(all) > 0)
        for _, _, reply, _, body in heard:
            talk.listener.send(f"PUB {reply} 3\r\nyes\r\n")
        talk.listener.fence()
        answers = talk.until(talk.speaker, lambda all: len(all) > 0)
        # Not every release says through an import that nobody is there.
        return [len(heard), [(status_of(header), body) for _, _, _, header, body in answers
                             if asker == server or body]]


def no_responders(mesh, here, _):
    peer = mesh.peer(here)
    name = mesh.fresh()
    peer.send(f"SUB in.{name} 1\r\nPUB nobody.{name} in.{name} 0\r\n\r\n")
    peer.fence()
    out = [status_of(header) for _, _, _, header, _ in peer.heard]
    peer.close()
    return out


def maximum(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\nUNSUB 1 3\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 10)
        return len(talk.last())


def unsubscribed(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.listener.send("UNSUB 1\r\n")
        talk.listener.fence()
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n")
        return len(talk.last())


def order(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.speaker.send("".join(f"PUB {talk.name} {len(str(i))}\r\n{i}\r\n" for i in range(200)))
        return [body for *_, body in talk.last()] == [str(i) for i in range(200)]


def queue(mesh, here, there):
    """Two members there: each message comes to one of them."""
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} g 1\r\nSUB {talk.name} g 2\r\nSUB {talk.name} 3\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 40)
        heard = [sid for _, sid, *_ in talk.last()]
        return [heard.count("1") + heard.count("2"), heard.count("3")]


def shared_queue(mesh, here, there):
    """A member at each end: where both are alike it is chance, else home has the first choice."""
    with Talk(mesh, here, there) as talk:
        home = mesh.peer(here)
        home.send(f"SUB {talk.name} g 1\r\n")
        home.fence()
        talk.listener.send(f"SUB {talk.name} g 1\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 60)
        away = len(talk.last())
        near = len(talk.until(home, lambda heard: len(heard) + away >= 60))
        home.close()
        return [near + away, "both" if near and away else "here" if near else "there"]


def stream(mesh, here, there):
    with Talk(mesh, here, there, "b", "a") as talk:
        talk.listener.send(f"SUB imp.str.{talk.name} 1\r\nSUB imp.> 2\r\n")
        talk.listener.fence()
        time.sleep(0.2)
        talk.speaker.send(f"PUB str.{talk.name} 1\r\nx\r\n")
        talk.speaker.fence()
        heard = talk.until(talk.listener, lambda all: len(all) >= 2, 0.4)
        return sorted((subject.replace(talk.name, "T"), sid) for subject, sid, *_ in heard)


def stranger(mesh, here, there):
    """Of another account nothing is heard."""
    with Talk(mesh, here, there, "b", "b") as talk:
        spy = mesh.peer(there)
        spy.send("SUB > 1\r\n")
        spy.fence()
        if here != "leaf" and there != "leaf":
            talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n")
        talk.speaker.fence()
        if here != "leaf" and there != "leaf":
            talk.last()
        spy.fence()
        heard = [subject for subject, *_ in spy.heard if talk.name in subject]
        spy.close()
        return heard


def events(mesh, here, there):
    """Somebody in the system account hears that a client came and went elsewhere."""
    with Talk(mesh, here, there, "s", "s") as talk:
        talk.listener.send("SUB $SYS.ACCOUNT.A.CONNECT 1\r\nSUB $SYS.ACCOUNT.A.DISCONNECT 2\r\n")
        if "leaf" in (here, there):
            return "apart"
        talk.settle()
        guest = mesh.peer(here)
        guest.close()
        heard = talk.until(talk.listener, lambda all: {sid for _, sid, *_ in all} >= {"1", "2"})
        return sorted({sid for _, sid, *_ in heard})


def servers(mesh, here, _):
    """How many servers answer whoever asks all of them."""
    peer = mesh.peer(here, "s")
    inbox = mesh.fresh()
    peer.send(f"SUB {inbox} 1\r\nPUB $SYS.REQ.SERVER.PING {inbox} 0\r\n\r\n")
    deadline = time.monotonic() + 0.5
    while time.monotonic() < deadline:
        time.sleep(0.02)
        peer.fence()
    out = len(peer.heard)
    peer.close()
    return out


def plain(subscription, subject, say):
    return lambda mesh, here, there: plainly(mesh, here, there, subscription, subject, say)


STORIES = {
    "plain": plain("{}", "{}", "PUB {} 1\r\nx\r\n"),
    "empty": plain("{}", "{}", "PUB {} 0\r\n\r\n"),
    "one token": plain("{}.*", "{}.x", "PUB {} 1\r\nx\r\n"),
    "all tokens": plain("{}.>", "{}.x.y", "PUB {} 1\r\nx\r\n"),
    "token in between": plain("{}.*.z", "{}.y.z", "PUB {} 1\r\nx\r\n"),
    "not matched": plain("{}.*", "{}.x.y", "PUB {} 1\r\nx\r\n"),
    "reply kept": plain("{}", "{}", "PUB {} some.reply 1\r\nx\r\n"),
    "headers": plain("{}", "{}", "HPUB {} 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n"),
    "headers alone": plain("{}", "{}", "HPUB {} re.ply 18 18\r\nNATS/1.0\r\nA: b\r\n\r\n\r\n"),
    "large": plain("{}", "{}", "PUB {} 100000\r\n" + LARGE + "\r\n"),
    "order": order,
    "unsubscribed": unsubscribed,
    "maximum": maximum,
    "request": request,
    "request by wildcard": lambda m, h, t: request(m, h, t, "{}.x", "{}.*"),
    "no responders": no_responders,
    "queue group": queue,
    "queue group at both": shared_queue,
    "service": lambda m, h, t: request(m, h, t, "my.svc", "svc", "a", "b"),
    "stream": stream,
    "another account": stranger,
    "system events": events,
    "all servers": servers,
}


def play(binaries, folder, only):
    mesh = Mesh(binaries, folder)
    out = {}
    try:
        for name, tell in STORIES.items():
            if only and only not in name:
                continue
            for here, there in itertools.permutations(PLACES, 2):
                try:
                    out[f"{name}, {here} to {there}"] = tell(mesh, here, there)
                except (TimeoutError, RuntimeError, socket.timeout) as problem:
                    out[f"{name}, {here} to {there}"] = f"{type(problem).__name__}: {problem}"
    finally:
        mesh.stop()
    return out


def meshes(ours, theirs):
    yield "all ours", dict.fromkeys(PLACES, ours)
    for place in PLACES:
        yield f"ours as {place}", {each: ours if each == place else theirs for each in PLACES}
        yield f"theirs as {place}", {each: theirs if each == place else ours for each in PLACES}


# What is known to differ, with the reason: by story, for the places that are ours, the way and whether
# the real server is of 2.9.
KNOWN = {
    # 2.9 takes a leaf node behind another member for as near as a client here; 2.15 does not.
    "queue group at both": lambda ours, way, old: old and "member" in ours
                           and way == "member to leaf",
}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--ours", required=True)
    args.add_argument("--theirs", required=True)
    args.add_argument("--mesh", help="only those whose names have it")
    args.add_argument("--only", help="only stories whose names have it")
    args.add_argument("--tls", action="store_true", help="on every link")
    args = args.parse_args()
    wrong = 0
    old = "v2.9." in release(args.theirs)
    with tempfile.TemporaryDirectory() as folder:
        if args.tls:
            make_certificates(folder)
        certificates = folder if args.tls else None
        right = play(dict.fromkeys(PLACES, args.theirs), certificates, args.only)
        for name, binaries in meshes(args.ours, args.theirs):
            if args.mesh and args.mesh not in name:
                continue
            got = play(binaries, certificates, args.only)
            places = [place for place, b in binaries.items() if b == args.ours]
            for story, expected in right.items():
                what, way = story.split(", ")
                known = KNOWN.get(what, lambda *_: False)(places, way, old)
                if (got[story] == expected) == known:
                    wrong += 1
                    print(f"{name}: {story}: {got[story]} instead of {expected}"
                          + (" (it is listed as a difference)" if known else ""))
            print(f"{name}: {len(right)} stories", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
