# test/compare/worlds.py: random accounts that share, as configuration, clients and messages.
"""Few tokens, so that much collides. Imports lead one way, so that nothing goes round in circles."""
import random
from dataclasses import dataclass, field


def matches(subject, pattern):
    s, p = subject.split("."), pattern.split(".")
    for i, token in enumerate(p):
        if token == ">":
            return len(s) > i
        if i >= len(s) or token not in ("*", s[i]):
            return False
    return len(s) == len(p)


def contains(wide, narrow):
    w, n = wide.split("."), narrow.split(".")
    for i, token in enumerate(w):
        if token == ">":
            return len(n) > i
        if i >= len(n) or n[i] == ">" or token not in ("*", n[i]):
            return False
    return len(w) == len(n)


@dataclass
class Account:
    name: str
    exports: list = field(default_factory=list)  # of dict
    imports: list = field(default_factory=list)
    mappings: dict = field(default_factory=dict)  # to a subject, or to [(subject, weight)]


@dataclass
class Client:
    account: Account
    user: str
    permissions: dict
    echo: bool
    subscriptions: list = field(default_factory=list)  # (subject, queue, sid)
    maxima: dict = field(default_factory=dict)  # sid -> messages
    lasting: list = field(default_factory=list)  # sids that may get a maximum later


class World:
    """One random world; the same seed makes the same one. It has a round of messages, and after a
    reload a second one, if `more` of later.py says so."""

    def __init__(self, seed, prefix, old, more=()):
        self.rnd = random.Random(seed)
        self.old = old
        self.seed = seed
        self.accounts = [Account(f"{prefix}{i}") for i in range(self.rnd.randint(2, 4))]
        self.upwards = self.chance(50)
        for account in self.accounts:
            for _ in range(self.rnd.randint(0, 4)):
                self.add_export(account)
        for i in range(len(self.accounts)):
            for _ in range(self.rnd.randint(1, 6)):
                self.add_import(i)
            if self.chance(30):
                self.add_mapping(self.accounts[i])
        self.clients = []
        for account in self.accounts:
            for n in range(self.rnd.randint(1, 2)):
                client = Client(account, f"{account.name}u{n}", self.permissions(),
                                self.chance(85))
                self.clients.append(client)
                for sid in range(self.rnd.randint(1, 4)):
                    self.add_subscription(client, sid)
                if "allow_responses" in client.permissions:
                    # With two that hear one request nats-server lets it answer none.
                    del client.subscriptions[1:]
        self.rounds = [[self.message(n) for n in range(30)]]
        self.configs = [self.config()]
        self.reloads = False
        for add in more:
            add(self)
            if self.reloads:
                self.configs.append(self.config())
            else:
                self.configs = [self.config()]

    def chance(self, percent):
        return self.rnd.randrange(100) < percent

    def token(self):
        return self.rnd.choice("abc")

    def literal(self):
        return ".".join(self.token() for _ in range(self.rnd.randint(1, 3)))

    def pattern(self):
        if self.chance(6):
            return self.rnd.choice([">", "*.*.*"])
        out = ["*" if self.chance(35) else self.token() for _ in range(self.rnd.randint(1, 3))]
        return ".".join(out + ([">"] if self.chance(25) else []))

    def literal_of(self, pattern):
        out = []
        for token in pattern.split("."):
            if token == ">":
                out += [self.token() for _ in range(self.rnd.randint(1, 2))]
            else:
                out.append(self.token() if token == "*" or token[0] == "$" else token)
        return ".".join(out)

    def narrowed(self, pattern, position=0, name=""):
        out = []
        for i, token in enumerate(pattern.split("."), 1):
            if i == position:
                out.append(name)
            elif token == "*":
                out.append(self.token() if self.chance(30) else "*")
            elif token != ">" or self.chance(60):
                out.append(token)
            else:
                out += self.pattern().split(".")
        return ".".join(out)

    def add_export(self, account):
        kind = self.rnd.choice(["stream", "service"])
        one = {"kind": kind, "subject": self.pattern(), "accounts": None, "position": 0}
        if any(e["kind"] == kind and (contains(e["subject"], one["subject"])
                                      or contains(one["subject"], e["subject"]))
               for e in account.exports):
            return  # which of two that cover an import decides is not the question here
        stars = [i for i, t in enumerate(one["subject"].split("."), 1) if t == "*"]
        if stars and self.chance(20):
            one["position"] = stars[0]
        elif self.chance(30):
            one["accounts"] = [a.name for a in self.accounts if self.chance(70)] or ["$G"]
        if kind == "service" and self.chance(30):
            one["response"] = self.rnd.choice(["stream", "chunked"])
        account.exports.append(one)

    def add_import(self, index):
        account = self.accounts[index]
        other = self.rnd.randrange(len(self.accounts))
        source = self.accounts[other]
        if other == index or not source.exports:
            return
        offer = self.rnd.choice(source.exports)
        if (other < index) != ((offer["kind"] == "stream") == self.upwards):
            return
        if offer["accounts"] is not None and account.name not in offer["accounts"]:
            return
        subject = self.narrowed(offer["subject"], offer["position"], account.name)
        one = {"kind": offer["kind"], "account": source.name, "subject": subject}
        if not self.is_covered_once(one):
            return
        one["local"] = self.local_for(subject)
        if any(i["kind"] == one["kind"] and (i["subject"] == subject or i["local"] == one["local"]
                                             or self.overlap(i["local"], one["local"]))
               for i in account.imports if i["account"] == source.name or i["kind"] == "service"):
            return
        if self.old and any(i["kind"] != one["kind"] and self.overlap(i["local"], one["local"])
                            for i in account.imports):
            return  # 2.9 makes requests of what comes as a stream; 2.15 does not
        account.imports.append(one)

    @staticmethod
    def overlap(one, two):
        a = ["*" if t[0] == "$" else t for t in one.split(".")]
        b = ["*" if t[0] == "$" else t for t in two.split(".")]
        for x, y in zip(a, b):
            if ">" in (x, y):
                return True
            if "*" not in (x, y) and x != y:
                return False
        return len(a) == len(b)

    def local_for(self, subject):
        how = self.rnd.randrange(3)
        tokens = subject.split(".")
        if how == 0:
            return subject
        if how == 1:
            return self.token() + "." + subject
        wild = [f"${i}" for i in range(1, tokens.count("*") + 1)]
        self.rnd.shuffle(wild)
        out = []
        while wild or not out:
            out.append(wild.pop() if wild and self.chance(60) else self.token())
        return ".".join(out + ([">"] if tokens[-1] == ">" else []))

    def add_mapping(self, account, source=None):
        source = source or self.pattern()
        if any(self.overlap(source, other) for other in account.mappings):
            return  # which of them counts is chance in nats-server
        tokens = source.split(".")
        to = self.literal() + "".join(f".${i}" for i in range(1, tokens.count("*") + 1))
        account.mappings[source] = to + (".>" if tokens[-1] == ">" else "")

    def permissions(self):
        out = {}
        for what in ("publish", "subscribe"):
            if self.chance(20):
                out[what] = {self.rnd.choice(["allow", "deny"]): [self.pattern() for _ in range(2)]}
                if what == "subscribe" and not self.old and self.chance(30):
                    (rule,) = out[what].values()
                    rule[0] += self.rnd.choice([" g", " h", " *"])
        if self.chance(15):
            out["allow_responses"] = True
        return out

    def add_subscription(self, client, sid):
        imports = client.account.imports
        if self.chance(15):
            subject = "in." + client.user
        elif imports and self.chance(50):
            local = self.rnd.choice(imports)["local"]
            subject = ".".join("*" if t[0] == "$" else t for t in local.split("."))
        else:
            subject = self.pattern()
        if self.is_known_to_differ(client, subject):
            return
        queue = self.rnd.choice("gh") if self.chance(35) else ""
        client.subscriptions.append((subject, queue, str(sid)))

    def is_known_to_differ(self, client, subject):
        """May this client subscribe to that?"""
        for rule in client.permissions.get("subscribe", {}).values():
            # nats-server matches a subscription like a literal.
            if any(matches(subject, p) and not contains(p, subject)
                   for p in (entry.split(" ")[0] for entry in rule)):
                return True
        # 2.9 does not see every overlap, and then delivers what is denied.
        return self.old and any(self.overlap(subject, p) and not contains(p, subject)
                                for p in client.permissions.get("subscribe", {}).get("deny", []))

    @staticmethod
    def takes(one, exporter, offer):
        """Does that import live by this export?"""
        return (one["account"] == exporter.name and one["kind"] == offer["kind"]
                and contains(offer["subject"], one["subject"]))

    def is_covered_once(self, one):
        return sum(self.takes(one, a, e) for a in self.accounts for e in a.exports) == 1

    def message(self, number):
        client = self.rnd.choice(self.clients)
        account = client.account
        if account.exports and self.chance(50):
            subject = self.literal_of(self.rnd.choice(account.exports)["subject"])
        elif account.imports and self.chance(80):
            subject = self.literal_of(self.rnd.choice(account.imports)["local"])
        else:
            subject = self.literal()
        reply = "in." + client.user if self.chance(60) else ""
        return {"from": client, "subject": subject, "reply": reply, "body": f"m{number}"}

    def config(self):
        """The `accounts` members of this world in nats-server's format."""
        out = []
        for account in self.accounts:
            users = [f'{{user: {c.user}, password: p, permissions: {self.rules(c)}}}'
                     for c in self.clients if c.account is account]
            out.append(f"  {account.name} {{\n    users: [{', '.join(users)}]")
            out.append("    exports: [" + ", ".join(map(self.export_text, account.exports)) + "]")
            out.append("    imports: [" + ", ".join(map(self.import_text, account.imports)) + "]")
            maps = ", ".join(f'"{k}": {self.targets(v)}' for k, v in account.mappings.items())
            out.append(f"    mappings: {{{maps}}}\n  }}" if maps else "  }")
        return "\n".join(out) + "\n"

    @staticmethod
    def targets(mapping):
        if isinstance(mapping, str):
            return f'"{mapping}"'
        return "[" + ", ".join(f'{{destination: "{to}", weight: {weight}%}}'
                               for to, weight in mapping) + "]"

    @staticmethod
    def rules(client):
        def entry(rule):
            if rule is True:
                return "true"
            (how, subjects), = rule.items()
            return "{" + how + ": [" + ", ".join(f'"{s}"' for s in subjects) + "]}"
        return "{" + ", ".join(f"{k}: {entry(v)}" for k, v in client.permissions.items()) + "}"

    @staticmethod
    def export_text(one):
        out = f'{{{one["kind"]}: "{one["subject"]}"'
        if one["accounts"] is not None:
            out += f', accounts: [{", ".join(one["accounts"])}]'
        if one["position"]:
            out += f', account_token_position: {one["position"]}'
        if "response" in one:
            out += f', response: {one["response"]}'
        return out + "}"

    @staticmethod
    def import_text(one):
        return (f'{{{one["kind"]}: {{account: {one["account"]}, subject: "{one["subject"]}"}},'
                f' to: "{one["local"]}"}}')
