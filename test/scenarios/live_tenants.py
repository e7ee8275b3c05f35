#!/usr/bin/env python3
# test/scenarios/live_tenants.py: an operator's accounts change under a thousand connections, in the
# folder that the broker watches or by push.
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from live_changes import Crowd, is_closed, seen_soon  # noqa: E402
from peer import Peer, Server  # noqa: E402

PATIENCE = 20.0


class Tenants:
    """A store of `troupe account`, whose users are bearers: no client here can sign a nonce."""

    def __init__(self, troupe, folder):
        self.troupe = troupe
        self.folder = pathlib.Path(folder)
        self.run("init", "--bare")
        self.run("edit", "user", "SYS", "sys", "--bearer", "true")
        for account, *users in (("crowd", "bystander", "ousted"), ("small", "small"),
                                ("keyed", "member")):
            self.run("add", "account", account)
            for user in users:
                self.run("add", "user", account, user, "--bearer", "true")

    def run(self, *words, refusal=0):
        """What it prints; `refusal` is an exit code that is good as well."""
        done = subprocess.run([self.troupe, "account", *words, "--dir", self.folder],
                              capture_output=True, text=True, check=False,
                              stdin=subprocess.DEVNULL)
        assert done.returncode in (0, refusal), f"{words}: {done.stdout}{done.stderr}"
        return done.stdout

    def jwt(self, account, user):
        creds = self.folder / "accounts/creds/OPS" / account / f"{user}.creds"
        lines = creds.read_text().splitlines()
        return lines[lines.index("-----BEGIN NATS USER JWT-----") + 1]

    def file(self, account):
        return self.folder / "accounts/nats/OPS/accounts" / account / f"{account}.jwt"


class Watched:
    """The broker looks at the store itself."""

    name = "in the watched folder"

    def __init__(self, binaries, tenants):
        self.tenants = tenants
        lines = tenants.run("config", "--format", "troupe").replace("port: 4222", "port: @PORT@")
        text = "".join(x for x in lines.splitlines(True) if not x.startswith("monitoring"))
        self.server = Server(binaries + "/troupe", text, choria=True, name="broker.yaml")

    def bring(self, _account):
        pass

    def damage(self, account):
        file = self.tenants.file(account)
        self.whole = file.read_text()
        before = self.server.said(file.name)
        file.write_text(self.whole[:len(self.whole) // 2])
        return lambda: self.server.said(file.name) > before

    def repair(self, account):
        self.tenants.file(account).write_text(self.whole)


class Pushed:
    """The broker has a folder of its own and takes what the system account sends."""

    name = "by push"

    def __init__(self, binaries, tenants):
        self.tenants = tenants
        text = tenants.run("config", "--format", "nats", "--resolver-dir",
                           str(tenants.folder / "resolver"))
        self.server = Server(binaries + "/nats-server", text[text.index("operator:"):])
        for account in ("main", "crowd", "small", "keyed"):
            self.bring(account)

    def bring(self, account):
        self.tenants.run("push", account, "--server", f"nats://127.0.0.1:{self.server.port}")

    def damage(self, account):
        whole = self.tenants.file(account).read_text()
        admin = Peer(self.server.port, jwt=self.tenants.jwt("SYS", "sys"))
        admin.send("SUB answer 1\r\n")
        half = whole[:len(whole) // 2]
        admin.send(f"PUB $SYS.REQ.CLAIMS.UPDATE answer {len(half)}\r\n{half}\r\n")

        def refused():
            admin.fence()
            assert all('"error"' in m[4] for m in admin.heard), admin.heard
            return admin.heard
        return refused

    def repair(self, account):
        self.bring(account)


def play(binaries, way):
    with tempfile.TemporaryDirectory(prefix="troupe-tenants-") as folder:
        tenants = Tenants(binaries + "/troupe", folder)
        broker = way(binaries, tenants)
        with broker.server as server:
            def enter(account, user):
                return Peer(server.port, jwt=tenants.jwt(account, user))

            def gets_in(account, user):
                try:
                    enter(account, user).close()
                    return True
                except RuntimeError:
                    return False

            bystander = tenants.jwt("crowd", "bystander")
            crowd = Crowd(lambda: Peer(server.port, jwt=bystander))
            small = [enter("small", "small") for _ in range(18)]
            ousted, member = enter("crowd", "ousted"), enter("keyed", "member")
            crowd.talk()
            print(f"{way.name}:")
            tenants.run("edit", "account", "small", "--conns", "5")
            broker.bring("small")
            seen_soon(crowd, "  a limit lowered: the newest connections end",
                      lambda: all([is_closed(p) for p in small[5:]]))
            for stayed in small[:5]:
                stayed.fence()
            tenants.run("revoke", "crowd", "ousted")
            broker.bring("crowd")
            seen_soon(crowd, "  a user revoked: its connection ends", lambda: is_closed(ousted))
            assert b"User Authentication Revoked" in ousted.buffer
            tenants.run("rotate", "keyed")
            broker.bring("keyed")
            seen_soon(crowd, "  a signing key removed: its user's connection ends",
                      lambda: is_closed(member))
            assert gets_in("keyed", "member"), "the user that the new key signed"
            tenants.run("add", "account", "late")
            tenants.run("add", "user", "late", "newcomer", "--bearer", "true")
            broker.bring("late")
            began = time.monotonic()
            while not gets_in("late", "newcomer"):
                assert time.monotonic() - began < PATIENCE, "the new account is not there"
            print(f"  an account added: {(time.monotonic() - began) * 1000:.0f} ms")
            seen_soon(crowd, "  half a file: it is told", broker.damage("crowd"))
            assert gets_in("crowd", "bystander"), "what was read before stays in force"
            broker.repair("crowd")
            crowd.talk()
            for stayed in small[:5]:
                stayed.fence()
            crowd.check()
            print(f"  {2 * len(crowd.pairs)} bystanders heard all of {crowd.number} messages")


def main():
    for way in (Watched, Pushed):
        play(sys.argv[1], way)


if __name__ == "__main__":
    main()
