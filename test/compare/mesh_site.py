"""A mesh of four servers: two members of cluster G1 (`hub`, `member`), cluster G2 (`other`), and a leaf
node of `hub` (`leaf`), with accounts from its files or from an operator. Who talks in it is `Talk`.
"""
import itertools
import os
import subprocess
import time

import trust
from peer import Peer, Server

PLACES = ("hub", "member", "other", "leaf")

# Users beside the ones with all rights, and what they may: in the words of JWTs, and in a file's.
EVERYBODY = ["probe.>", "last.>", "_INBOX.>"]
RIGHTS = {
    # (account, publish allow, publish deny, subscribe allow, subscribe deny, responses)
    "allowed": ("A", ["yes.>", "$SYS.REQ.USER.INFO"] + EVERYBODY, [], ["yes.>"] + EVERYBODY, [], 0),
    "denied": ("A", [], ["no.>", "part.no.>"], [], ["no.>", "part.no.>"], 0),
    "answers": ("A", EVERYBODY, [], [], [], 1),
    # The leaf node itself, at the hub.
    "link": ("A", [], ["up.no.>"], [], ["down.no.>"], 0),
}
DENIED_BY_LEAF = 'deny_exports: [ "up.deny.>" ], deny_imports: [ "down.deny.>" ]'


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


def listed(subjects):
    return "[" + ", ".join(f'"{each}"' for each in subjects) + "]"


class FileAccounts:
    """Accounts and users as the configuration file names them; every password is `p`."""

    operator = False

    def text(self, sharing, _):
        exports = 'exports: [ { service: "svc" }, { stream: "str.>" } ]' if sharing else ""
        imports = ('imports: [ { service: { account: B, subject: "svc" }, to: "my.svc" }, '
                   '{ stream: { account: B, subject: "str.>" }, prefix: "imp" } ]') if sharing else ""
        users = "".join(self.user(name, *rights) for name, rights in RIGHTS.items())
        return (f'system_account: S\naccounts {{\n'
                f'  A {{ users: [ {{ user: a, password: p }}{users} ]\n {imports} }}\n'
                f'  B {{ users: [ {{ user: b, password: p }} ]\n {exports} }}\n'
                f'  S {{ users: [ {{ user: s, password: p }} ] }}\n}}\n')

    @staticmethod
    def user(name, _, may, may_not, hears, hears_not, responses):
        def side(word, allow, deny):
            return (f"{word}: {{ " + (f"allow: {listed(allow)}, " if allow else "")
                    + (f"deny: {listed(deny)} " if deny else "") + "}, ") if allow or deny else ""

        answer = f'allow_responses: {{ max: {responses}, expires: "1m" }} ' if responses else ""
        return (f", {{ user: {name}, password: p, permissions: {{ {side('publish', may, may_not)}"
                f"{side('subscribe', hears, hears_not)}{answer}}} }}")

    def login(self, user):
        return {"user": user}

    def name(self, account):
        return account

    def remote(self, url, _):
        return f'url: "{url.format("link:p@")}", account: A'


class OperatorAccounts:
    """The same as JWTs of an operator, and a private stream and service that need an activation.
    `full`: each server has a folder of them, instead of a list in its file."""

    operator = True

    def __init__(self, full):
        self.full = full
        self.accounts = {name: trust.Account(name) for name in "ABS"}
        self.by = trust.Operator(self.accounts["S"])
        self.users = {name: self.accounts[name.upper()].user(name) for name in "abs"}
        for name, (account, may, may_not, hears, hears_not, responses) in RIGHTS.items():
            rights = {"pub": {"allow": may, "deny": may_not}, "sub": {"allow": hears, "deny": hears_not}}
            for side in rights.values():  # nats-server takes an empty list of a leaf node for "nothing"
                for word in [word for word, subjects in side.items() if not subjects]:
                    del side[word]
            if responses:
                rights["resp"] = {"max": responses, "ttl": 60 * 10**9}
            self.users[name] = self.accounts[account].user(name, **rights)

    def jwts(self, sharing, more=()):
        """`more`: imports of A besides."""
        seller = self.accounts["B"]

        def export(subject, kind, private):
            return {"name": subject, "subject": subject, "type": kind, "token_req": private}

        def bought(subject, kind, local, private):
            out = {"name": subject, "subject": subject, "account": seller.id, "type": kind,
                   "local_subject": local}
            if private:
                out["token"] = seller.activation(self.accounts["A"], subject, kind)
            return out

        exports = [export("svc", "service", False), export("str.>", "stream", False),
                   export("hidden.svc", "service", True), export("hidden.str.>", "stream", True),
                   export("late.>", "stream", False)]
        imports = [bought("svc", "service", "my.svc", False), bought("str.>", "stream", "imp.str.>", False),
                   bought("hidden.svc", "service", "my.hidden", True),
                   bought("hidden.str.>", "stream", "imp.hidden.>", True)]
        imports += [bought(*each) for each in more]
        return {"A": self.by.account(self.accounts["A"], **({"imports": imports} if sharing else {})),
                "B": self.by.account(seller, **({"exports": exports} if sharing else {})),
                "S": self.by.account(self.accounts["S"])}

    def text(self, sharing, folder):
        jwts = {self.accounts[name].id: jwt for name, jwt in self.jwts(sharing).items()}
        if not self.full:
            preload = "".join(f'  {account}: "{jwt}"\n' for account, jwt in jwts.items())
            return f"operator: {self.by.jwt}\nresolver: MEMORY\nresolver_preload {{\n{preload}}}\n"
        for account, jwt in jwts.items():
            with open(os.path.join(folder, account + ".jwt"), "w") as out:
                out.write(jwt)
        return f'operator: {self.by.jwt}\nresolver {{ type: full, dir: "{folder}", interval: "1h" }}\n'

    def login(self, user):
        jwt, key = self.users[user]
        return {"jwt": jwt, "key": key}

    def name(self, account):
        return self.accounts[account].id

    def remote(self, url, folder):
        file = os.path.join(folder, "link.creds")
        with open(os.path.join(folder, file), "w") as out:
            out.write(trust.credentials(*self.users["link"]))
        return f'url: "{url.format("")}", credentials: "{file}", account: {self.name("A")}'


class Mesh:
    def __init__(self, binaries, folder, tls=False, accounts=None):
        """`binaries`: by place. `folder`: for what they need; with certificates, if `tls` is on all links."""
        self.tls = ""
        if tls:
            self.tls = (f'tls {{ cert_file: "{folder}/cert.pem", key_file: "{folder}/key.pem", '
                        f'ca_file: "{folder}/ca.pem", verify: true }}')
        self.folder = folder
        self.accounts = accounts or FileAccounts()
        self.ports = {name: Server.free_port() for name in ("routes", "gateways", "leafs", "others")}
        self.servers = {}
        self.number = 0
        try:
            for place in PLACES:
                self.servers[place] = Server(binaries[place], self.config(place))
            self.await_links()
        except BaseException:
            self.stop()
            raise

    def config(self, place):
        mine = os.path.join(self.folder, f"{place}-{self.ports['routes']}")
        os.makedirs(mine)
        out = f"server_name: {place}\n" + self.accounts.text(place != "leaf", mine)
        at = {name: f"127.0.0.1:{port}" for name, port in self.ports.items()}
        routes = f'routes: [ "nats-route://{at["routes"]}" ]' if place == "member" else ""
        remotes = (f'[ {{ name: G1, url: "nats://{at["gateways"]}" }}, '
                   f'{{ name: G2, url: "nats://{at["others"]}" }} ]')
        if place in ("hub", "member"):
            cluster = at["routes"] if place == "hub" else "127.0.0.1:-1"
            door = at["gateways"] if place == "hub" else "127.0.0.1:-1"
            out += f'cluster {{ name: G1, listen: "{cluster}", {self.tls}\n {routes} }}\n'
            out += f'gateway {{ name: G1, listen: "{door}", {self.tls}\n gateways: {remotes} }}\n'
        if place == "hub":
            out += f'leafnodes {{ listen: "{at["leafs"]}", {self.tls} }}\n'
        if place == "other":
            out += f'gateway {{ name: G2, listen: "{at["others"]}", {self.tls}\n gateways: {remotes} }}\n'
        if place == "leaf":
            scheme = "tls" if self.tls else "nats-leaf"
            remote = self.accounts.remote(f"{scheme}://{{}}{at['leafs']}", mine)
            out += f"leafnodes {{ remotes: [ {{ {remote}, {DENIED_BY_LEAF}\n {self.tls} }} ] }}\n"
        return out

    def await_links(self):
        for here, there in itertools.permutations(PLACES, 2):
            with Talk(self, here, there) as talk:
                talk.settle()

    def fresh(self):
        self.number += 1
        return f"t{self.number}"

    def peer(self, place, user="a"):
        return Peer(self.servers[place].port, **self.accounts.login(user))

    def stranger(self, place):
        """Raises: there is no such user."""
        return Peer(self.servers[place].port, "nobody")

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
        deadline = time.monotonic() + 20
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
        self.until(listener, lambda heard: any(sid == "last" for _, sid, *_ in heard), 20)
        return [each for each in listener.heard if each[1] != "last"]
