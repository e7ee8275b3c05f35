"""What operators type, in super clusters of both kinds of servers: the commands of NATS's own tool (`nats`) are
given to a mesh (mesh_site.py) of the real server alone, then to one of ours and to mixed ones, and what they print
is compared but for its numbers. By hand, for the tool is in no package:

    python3 test/compare/command_lines.py --ours build/release/bin/nats-server --theirs nats-server-2.15 --nats nats
"""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

from mesh_site import PLACES, Mesh

# As the system account's user, at the server `hub`. {id}: the id of the server `member`.
OF_SYSTEM = """
server list --sort name
server list --sort name --json
server ping
server ping --id
server info hub
server info member
server info other
server info {id}
server report accounts
server report accounts A
server report accounts --json
server report connections
server report connections --account A
server report connections --account A --subject heard.*
server report connections --username a
server report connections --state all
server report connections --state closed
server report connections --json
server report cpu --json
server report mem --json
server report gateways
server report gateways --filter-name G2
server report health
server report jetstream
server report leafnodes
server report routes
server report routes --cluster G1
server account info A
server request accounts
server request accounts --account A
server request accounts --account NOBODY
server request connections
server request connections --subscriptions
server request connections --filter-account A --filter-state all
server request connections --filter-subject heard.here --filter-empty
server request connections --sort idle --limit 1
server request gateways
server request gateways --accounts
server request ipqueue
server request jetstream
server request jetstream-health
server request leafnodes
server request leafnodes --subscriptions
server request raft
server request routes
server request routes --subscriptions
server request subscriptions
server request subscriptions --detail --filter-account A
server request subscriptions --filter-subject heard.here
server request variables
server request variables --name member
server request variables --cluster G2
server request variables --host nowhere
server request profile goroutine {folder}
server check connection
server check server --name hub
server check server --name hub --auth-required --tls-required
server config reload {id} --force
rtt
account info
account report connections
account report statistics
audit gather --output {folder}/audit.zip
"""
# As a user of an account.
OF_ACCOUNT = """
account report connections
account report connections --subject heard.*
account report statistics
server list
server report routes
rtt
pub heard.here text --count 2
"""


def masked(text):
    """Without what is another in each run. None is not the same as some."""
    text = re.sub(r"[─-╿▀-▟]+", " ", text)
    for pattern, name in ((r"\b[NAUX][A-Z2-7]{55}\b", "ID"), (r"_INBOX\.[\w.]+", "INBOX"), (r"\$LDS\.\w+", "LDS"),
                          (r"\b[NA][A-Z2-7]{9,}\.\.\.[A-Z2-7]{3,}", "ID"),
                          (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*( ?(Z|UTC|\+\d\d:?\d\d))*( [A-Z]{3,4})?", "TIME"),
                          (r"\d\d:\d\d:\d\d", "TIME"), (r"\b[0-9a-f]{40,}\b", "HASH"),
                          (r"(\d+\.){3}\d+:\d+", "ADDRESS")):
        text = re.sub(pattern, name, text)
    number = r"\d[\d,]*(\.\d+)?(e[-+]\d+)?"
    text = re.sub(rf"({number} ?(ns|µs|us|ms|s|m|h|d|y)\b)+", "SPAN", text)
    text = re.sub(rf"{number} ?([KMGT]i?B|B)\b", "SIZE", text)
    text = re.sub(r"(?<![\w.])0(\.0+)?(?![\w.])", "none", text)
    text = re.sub(rf"(?<![A-Za-z\d]){number}(?![\w])", "N", text)
    text = re.sub(r"/tmp/troupe-lines-\w+", "FOLDER", re.sub(r"\bL\d+ ", "LN ", text))
    if any(each in text for each in ("SIZE", "ADDRESS", "replies", "Cores", "cpu=")):  # what was moved so far is chance
        text = text.replace("none", "N")
    return re.sub(r"\s+", " ", text).strip()


# What is known to differ, with the reason. A user's `account info` is not asked for: with a real leaf node two
# servers answer it, and the tool takes whoever is first.
KNOWN = [re.compile(text) for text in (
    r"feature_flags",  # JetStream's
    r"Git Commit|git_commit|Go Version|data\.go:",  # what it was built from, and with
    r"data\..*(Q|Q Pings|responses)\.(pending|in_progress)|data: empty map",  # no queues between threads by name
    r"[Pp]rofile",  # none are taken of a running broker
    r"_R_\.|LDS|subscriptions_list(_detail)?\[\]",  # what servers have subscribed for themselves
    r"inbound_gateways|inbound_connections",  # which member the other cluster dials is chance
    r"compression|s2_uncompressed|LN|^hub leaf A ADDRESS",  # links are not compressed; at a leaf node its hub is named
    r"^N N (X )?N N N SIZE N$",  # one release of all servers, or not
)]


# Numbers of which it says nothing that one is 0 and the other is not.
CHANCE = re.compile(r"(idle|rtt|cpu|mem|bytes|msgs|stalled|pending|cache|max_fanout|avg_fanout|num_inserts|num_removes|"
                    r"num_matches|slow|start_profile|uptime|last|subscriptions|num_subs|cid|rid|port|lid|http_req)")


def leaves(value, at=""):
    """Every text, number and flag in it, with the way there. Lists are sets."""
    if isinstance(value, dict):
        for key, each in value.items():
            key = masked(key)
            yield from leaves(each, f"{at}.{key}" if at else key)
        if not value:
            yield f"{at}: empty map"
    elif isinstance(value, list):
        for each in value:
            yield from leaves(each, at + "[]")
        if not value:
            yield f"{at}: empty list"
    elif isinstance(value, bool) or value is None:
        yield f"{at}: {value}"
    elif isinstance(value, (int, float)):
        yield f"{at}: " + ("N" if value or CHANCE.search(at) else "none")
    else:
        yield f"{at}: {masked(value)}"


def documents(text):
    """Of a tool that prints one, or one a line."""
    try:
        return [json.loads(text)]
    except ValueError:
        pass
    out = []
    for line in text.splitlines():
        try:
            out.append(json.loads(line))
        except ValueError:
            return None
    return out or None


def by_server(document):
    """So that what one server lacks is seen, whatever the others have."""
    for each in document if isinstance(document, list) else [document]:
        server = each.get("server") if isinstance(each, dict) else None
        name = server.get("name", "?") if isinstance(server, dict) else ""
        for leaf in leaves(each):
            yield f"{name} {leaf}".strip()


def summary(run):
    """What there is to compare of one run."""
    found = documents(run.stdout)
    if found is not None and not all(isinstance(each, (int, float)) for each in found):
        out = collections.Counter({line: 1 for each in found for line in by_server(each)})
    else:
        out = collections.Counter(filter(None, map(masked, run.stdout.splitlines())))
    out.update("on stderr: " + line for line in map(masked, run.stderr.splitlines()) if line)
    out[f"exit code {run.returncode}"] += 1
    return collections.Counter({line: count for line, count in out.items()
                                if not any(each.search(line) for each in KNOWN)})


class Site:
    """A mesh with some clients that listen and have spoken."""

    def __init__(self, binaries, folder):
        self.mesh = Mesh(binaries, folder)
        self.clients = []
        for place in PLACES:
            one = self.mesh.peer(place)
            one.send("SUB heard.here 1\r\nSUB heard.> group 2\r\nPUB heard.there 2\r\nhi\r\n")
            one.fence()
            self.clients.append(one)
        closed = self.mesh.peer("hub")
        closed.fence()
        closed.close()
        self.clients.append(self.mesh.peer("member", "b"))
        self.id = self.clients[-1].info["server_id"]

    def stop(self):
        for each in self.clients:
            each.close()
        self.mesh.stop()


def run(nats, site, user, line, folder):
    words = line.format(id=site.id, folder=folder).split()
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "XDG_CONFIG_HOME": folder, "TERM": "dumb"}
    return subprocess.run([nats, "--no-context", "--server", f"nats://127.0.0.1:{site.mesh.servers['hub'].port}",
                           "--user", user, "--password", "p", "--timeout", "1s", *words],
                          capture_output=True, text=True, timeout=60, env=environment, cwd=folder, check=False)


def play(binaries, args):
    out = {}
    with tempfile.TemporaryDirectory(prefix="troupe-lines-") as folder:
        site = Site(binaries, folder)
        try:
            for user, lines in (("s", OF_SYSTEM), ("a", OF_ACCOUNT)):
                for line in filter(None, lines.splitlines()):
                    if args.only and args.only not in line:
                        continue
                    done = run(args.nats, site, user, line, folder)
                    out[f"{user}: {line}"] = done
                    if args.show:
                        print(f"--- {user}: {line}\n{done.stdout}{done.stderr}", flush=True)
        finally:
            site.stop()
    return out


def meshes(ours, theirs):
    yield "all ours", dict.fromkeys(PLACES, ours)
    for some in (("hub", "leaf"), ("member", "other")):
        yield "ours as " + " and ".join(some), {each: ours if each in some else theirs for each in PLACES}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--ours", required=True)
    args.add_argument("--theirs", required=True)
    args.add_argument("--nats", required=True, help="NATS's command line tool")
    args.add_argument("--mesh", help="only those whose names have it")
    args.add_argument("--only", help="only commands that have it")
    args.add_argument("--show", action="store_true", help="all that is printed")
    args = args.parse_args()
    right = play(dict.fromkeys(PLACES, args.theirs), args)
    differ = 0
    for name, binaries in meshes(args.ours, args.theirs):
        if args.mesh and args.mesh not in name:
            continue
        got = play(binaries, args)
        for line, expected in right.items():
            ours, theirs = summary(got[line]), summary(expected)
            if ours == theirs:
                continue
            differ += 1
            print(f"{name}: nats {line}")
            for sign, lines in (("-", theirs - ours), ("+", ours - theirs)):
                for each, count in sorted(lines.items()):
                    print(f"  {sign} {each}" + (f" ({count} times)" if count > 1 else ""))
        print(f"{name}: {len(right)} commands", flush=True)
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    main()
