#!/usr/bin/env python3
# test/scenarios/explanations.py: what `troupe account explain` says of generated users is what a broker does.
import json
import pathlib
import random
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from live_tenants import Tenants, Watched  # noqa: E402
from peer import Peer  # noqa: E402

USERS = 20
SEED = 1


def pattern(dice):
    tokens = [dice.choice(["a", "b", "c", "*"]) for _ in range(dice.randint(1, 3))]
    return ".".join(tokens + ([">"] if dice.random() < 0.3 else []))


def subject(dice):
    return ".".join(dice.choice("abc") for _ in range(dice.randint(1, 4)))


def make_users(dice, tenants):
    for account, *defaults in (("strict", "--deny-pub", pattern(dice)), ("plain",)):
        tenants.run("add", "account", account)
        if defaults:
            tenants.run("edit", "account", account, *defaults)
    for n in range(USERS):
        flags = []
        for flag in ("--allow-pub", "--deny-pub", "--allow-sub", "--deny-sub"):
            for _ in range(dice.choice([0, 0, 1, 2])):
                flags += [flag, pattern(dice)]
        tenants.run("add", "user", dice.choice(["strict", "plain"]), f"u{n}", "--bearer", "true",
                    *flags)


def home_of(tenants, user):
    return next(x for x in ("strict", "plain")
                if (tenants.folder / "accounts/creds/OPS" / x / f"{user}.creds").exists())


def explained(tenants, account, user, verb, what):
    words = [tenants.troupe, "account", "explain",
             str(tenants.folder / "accounts/creds/OPS" / account / f"{user}.creds"), verb, what]
    return json.loads(tenants.run(*words[2:], "--json", refusal=3))[0]["allowed"]


def done(peer, verb, what):
    peer.errors = []
    peer.send(f"PUB {what} 0\r\n\r\n" if verb == "publish" else f"SUB {what} 1\r\nUNSUB 1\r\n")
    peer.fence()
    assert all("Permissions Violation" in x for x in peer.errors), peer.errors
    return not peer.errors


def main():
    questions = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    dice = random.Random(SEED)
    with tempfile.TemporaryDirectory(prefix="troupe-explain-") as folder:
        tenants = Tenants(sys.argv[1] + "/troupe", folder)
        make_users(dice, tenants)
        broker = Watched(sys.argv[1], tenants)
        allowed = 0
        with broker.server as server:
            for n in range(questions):
                user = f"u{n % USERS}"
                account = home_of(tenants, user)
                verb = dice.choice(["publish", "subscribe"])
                what = subject(dice) if verb == "publish" else pattern(dice)
                peer = Peer(server.port, jwt=tenants.jwt(account, user))
                says, does = explained(tenants, account, user, verb, what), done(peer, verb, what)
                peer.close()
                assert says == does, f"{user} {verb} {what}: explain says {says}, the broker {does}"
                allowed += does
        assert questions / 8 < allowed < questions * 7 / 8, f"{allowed} of {questions} are allowed"
        print(f"{questions} questions, {allowed} allowed: as the broker does")


if __name__ == "__main__":
    main()
