# bench/sites.py: whom the servers under test let in, in a format that both of them read.
"""A site is the text of a configuration and the flags by which the load generator logs in."""
import glob
import os
import socket
import subprocess
from dataclasses import dataclass, replace

ACCOUNTS = 200


class SiteFailed(Exception):
    pass


@dataclass(frozen=True)
class Site:
    config: str
    login: tuple  # flags of `troupe bench`


PERMISSIONS = """\
      permissions {
        publish: ["bench", "bench.>", "shared.>", "_INBOX.>", "_R_.>"]
        subscribe: ["bench", "bench.>", "shared.>", "_INBOX.>", "unrelated.>"]
      }
"""
PASSWORD_LOGIN = ("--user", "bench", "--password", "bench")


def one_user():
    """One user with permissions, in the global account."""
    return Site("authorization {\n  users [\n    {\n      user: \"bench\"\n"
                "      password: \"bench\"\n" + PERMISSIONS + "    }\n  ]\n}\n",
                PASSWORD_LOGIN)


def tenants():
    """200 accounts that import from each other; the user `bench` is in the first, `other` in the
    second, which hears the first one's `shared.stream` and answers its `shared.request`."""
    out = []
    for i in range(ACCOUNTS):
        before, after = (i - 1) % ACCOUNTS, (i + 1) % ACCOUNTS
        user = {0: "bench", 1: "other"}.get(i, f"user{i}")
        exports = [f'{{stream: "events.{i}.>"}}', f'{{service: "ask.{i}.>"}}']
        imports = [f'{{stream: {{account: T{after}, subject: "events.{after}.>"}}}}',
                   f'{{stream: {{account: T{before}, subject: "events.{before}.>"}}, '
                   f'prefix: "neighbour"}}',
                   f'{{service: {{account: T{after}, subject: "ask.{after}.>"}}}}']
        if i == 0:
            exports.append('{stream: "shared.stream"}')
            imports.append('{service: {account: T1, subject: "shared.request"}}')
        if i == 1:
            exports.append('{service: "shared.request"}')
            imports.append('{stream: {account: T0, subject: "shared.stream"}}')
        out.append(f"  T{i} {{\n    users: [{{\n      user: {user}\n      password: bench\n"
                   f"{PERMISSIONS}    }}]\n    exports: [{', '.join(exports)}]\n"
                   f"    imports: [{', '.join(imports)}]\n  }}\n")
    return Site("accounts {\n" + "".join(out) + "}\n", PASSWORD_LOGIN)


def operator_site(tool, folder):
    """An operator's accounts, in the configuration, and a user with a JWT of his own."""
    common = ["--dir", folder]
    for command in (["init", "--bare", "--config", "none", *common],
                    ["config", "--format", "nats", *common]):
        done = subprocess.run([tool, "account", *command], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise SiteFailed(done.stderr.strip())
    config = "\n".join(line for line in done.stdout.splitlines()
                       if not line.startswith(("listen:", "http:")))
    (creds,) = glob.glob(os.path.join(folder, "**", "app.creds"), recursive=True)
    return Site(config + "\n", ("--creds", creds))


LINKS = ("route", "leaf", "gateway")


def free_port():
    """Nobody listens there at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def linked(site, link):
    """Two sites, joined by one link of that kind: `site` twice. The second one dials the first, and
    the port that it dials is the third of what is returned."""
    first, second = free_port(), free_port()
    texts = {
        "route": (f'cluster {{ name: c, listen: "127.0.0.1:{first}" }}\n',
                  f'cluster {{ name: c, listen: "127.0.0.1:{second}"\n'
                  f'  routes: ["nats-route://127.0.0.1:{first}"] }}\n'),
        "leaf": (f'leafnodes {{ listen: "127.0.0.1:{first}" }}\n',
                 f'leafnodes {{ remotes: [{{url: "nats-leaf://bench:bench@127.0.0.1:{first}"}}] }}\n'),
        "gateway": (f'gateway {{ name: one, listen: "127.0.0.1:{first}" }}\n',
                    f'gateway {{ name: two, listen: "127.0.0.1:{second}"\n'
                    f'  gateways: [{{name: one, url: "nats://127.0.0.1:{first}"}}] }}\n'),
    }[link]
    names = ('server_name: "one"\n', 'server_name: "two"\n')
    return *(replace(site, config=site.config + name + text)
             for name, text in zip(names, texts)), first
