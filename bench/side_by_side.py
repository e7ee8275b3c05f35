#!/usr/bin/env python3
# bench/side_by_side.py: the same loads on Troupe and on nats-server, in turns, as ratios.
"""Starts each server with the same configuration (a user with permissions, loopback, a free port),
puts every load of loads.py on it with one load generator (`troupe bench`), turn after turn so that
what else happens on the machine hits all alike, and compares medians.

  bench/side_by_side.py --troupe build/release/bin/troupe --relay build/release/bin/relay \\
      --peer /usr/sbin/nats-server --turns 5 --json ratios.json

Exit codes: 0 every required ratio is reached, 1 one is not or a load failed, 2 wrong usage.
"""
import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile

from bench_run import BenchRun, LoadFailed
from loads import FIGURES, LOADS, RELATIONS
from server_pair import LinkNotServed, ServerPair
from server_process import ServerFailed, ServerProcess, make_certificate
from sites import SiteFailed, one_user, operator_site, tenants

# (bytes of a message, relays in a row): two are the limit of two servers that are linked.
RELAYS = ((16, 1), (256, 1), (8192, 1))
RELAYS_OF_LINKS = ((16, 2), (1024, 2))


def parse_arguments():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--troupe", default="build/release/bin/troupe", metavar="PATH",
                        help="the binary under test, and the load generator")
    parser.add_argument("--tool", metavar="PATH", help="another binary as load generator")
    parser.add_argument("--relay", metavar="PATH", help="bench/relay; default: beside --troupe")
    parser.add_argument("--peer", action="append", default=[], metavar="PATH",
                        help="a nats-server; may be repeated (default: the one in PATH)")
    parser.add_argument("--turns", type=int, default=5, metavar="N")
    parser.add_argument("--seconds", type=float, default=2.0, metavar="S",
                        help="aimed length of a throughput run (default: 2)")
    parser.add_argument("--requests", type=int, default=10000, metavar="N")
    parser.add_argument("--handshakes", type=int, default=1000, metavar="N")
    parser.add_argument("--idle-connections", type=int, default=5000, metavar="N")
    parser.add_argument("--interest", type=int, default=500000, metavar="N",
                        help="distinct subscriptions that a linked server is told of")
    parser.add_argument("--only", metavar="TEXT", help="only loads whose name contains TEXT")
    parser.add_argument("--troupe-command", default="{binary} run --config {config}")
    parser.add_argument("--peer-command", default="{binary} -c {config}")
    parser.add_argument("--without-troupe", action="store_true",
                        help="peers only: tries the harness, the first peer stands for Troupe")
    parser.add_argument("--json", metavar="FILE", help="write every figure there")
    options = parser.parse_args()
    options.tool = options.tool or options.troupe
    options.relay = options.relay or os.path.join(os.path.dirname(options.troupe), "relay")
    if not options.peer and shutil.which("nats-server"):
        options.peer = [shutil.which("nats-server")]
    missing = [path for path in [options.tool, options.relay, *options.peer]
               if not os.access(path, os.X_OK)]
    if missing:
        parser.error("not an executable: " + ", ".join(missing))
    if not options.peer:
        parser.error("there is no nats-server in PATH: name one with --peer")
    if options.turns < 1 or options.seconds <= 0:
        parser.error("--turns and --seconds must be positive")
    return options


def version_of(binary):
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().splitlines()[0]


def machine():
    """What of the machine decides about the figures; BBR paces even what never leaves it."""
    control = "/proc/sys/net/ipv4/tcp_congestion_control"
    found = {"cpus": os.cpu_count(), "kernel": platform.release()}
    if os.path.exists(control):
        with open(control, encoding="ascii") as file:
            found["tcp_congestion_control"] = file.read().strip()
    return found


def contestants(options):
    """(name, binary, command template), Troupe first."""
    out = []
    if not options.without_troupe:
        out.append(("troupe", options.troupe, options.troupe_command))
    for path in options.peer:
        name = version_of(path)
        if any(name == other for other, _, _ in out):
            name = f"{name} ({path})"
        out.append((name, path, options.peer_command))
    return out


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure(options, servers, chosen, sites, certificate):
    """{server: {load: {figure: [value per turn]}}} and the list of failures."""
    figures = {name: {} for name, _, _ in servers}
    failures = []
    run = BenchRun(options.tool, options)

    def note(name, load, values):
        for figure, value in values.items():
            figures[name].setdefault(load.name, {}).setdefault(figure, []).append(value)

    def one(load, name, server):
        try:
            note(name, load, run.run(load, name, server))
        except (LoadFailed, subprocess.SubprocessError) as failed:
            failures.append(f"{name}: {load.name}: {failed}")
            say("  " + failures[-1])

    def server_for(load, binary, template):
        """A server of its own for each run: nobody inherits another load's heap."""
        if load.link:
            return ServerPair(template, binary, sites[load.site], load.link)
        return ServerProcess(template, binary, sites[load.site], certificate if load.tls else None)

    relays = (RELAYS if any(not load.link for load in chosen) else ()) \
        + (RELAYS_OF_LINKS if any(load.link for load in chosen) else ())
    relay = {}
    left_out = set()
    for turn in range(options.turns):
        say(f"turn {turn + 1} of {options.turns}")
        for size, hops in relays:
            label = f"{size} B" if hops == 1 else f"{size} B, {hops} in a row"
            relay.setdefault(label, []).append(run.relay(options.relay, size, hops))
        order = servers[turn % len(servers):] + servers[:turn % len(servers)]
        for load in chosen:
            if load.tls and not certificate:
                continue
            for name, binary, template in order:
                if (name, load.link) in left_out:
                    continue
                try:
                    with server_for(load, binary, template) as up:
                        one(load, name, up)
                except LinkNotServed as why:
                    left_out.add((name, load.link))
                    say(f"  {name}: loads over a {load.link} are left out: {why}")
                except ServerFailed as failed:
                    failures.append(f"{name}: {failed}")
                    say("  " + failures[-1])
    return figures, relay, failures


def compare(figures, servers):
    """One row per load, figure and peer: medians, ratio (more is better), required."""
    rows = []
    ours = servers[0][0]
    for load in LOADS:
        for figure, required in load.required.items():
            mine = figures[ours].get(load.name, {}).get(figure)
            for name, _, _ in servers[1:]:
                theirs = figures[name].get(load.name, {}).get(figure)
                if not mine or not theirs:
                    continue
                a, b = statistics.median(mine), statistics.median(theirs)
                low, high = (b, a) if FIGURES[figure][1] else (a, b)
                ratio = high / low if low > 0 else float("inf")
                rows.append({"load": load.name, "figure": figure, "peer": name, "ours": a,
                             "theirs": b, "ratio": ratio, "required": required,
                             "reached": ratio >= required})
    return rows


def own_goals(figures, relay, ours):
    """(sentence, value, limit, reached) for what does not depend on a peer."""
    goals = []
    mine = figures[ours]

    def median_of(load, figure):
        values = mine.get(load, {}).get(figure)
        return statistics.median(values) if values else None

    for load in LOADS:
        for figure, limit in load.limits.items():
            value = median_of(load.name, figure)
            if value is not None:
                more = FIGURES[figure][1]
                goals.append((f"{load.name}: {FIGURES[figure][0]}, at {'least' if more else 'most'}",
                              value, limit, value >= limit if more else value <= limit))
    plain = median_of("16 B, 1 to 1", "rate")
    if plain and relay.get("16 B"):
        share = plain / statistics.median(rate for rate, _ in relay["16 B"])
        goals.append(("16 B, 1 to 1: share of the bare relay, at least", share, 0.4, share >= 0.4))
    for name, figure, other, least in RELATIONS:
        a, b = median_of(name, figure), median_of(other, figure)
        if not a or not b:
            continue
        ratio = a / b if FIGURES[figure][1] else b / a
        goals.append((f"{name}: {figure} beside \"{other}\", at least", ratio, least,
                      ratio >= least))
    return goals


def show_number(value):
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def print_table(rows, relay, ours):
    print(f"{'load':<42} {'figure':<34} {ours[:14]:>14} {'peer':>14} {'ratio':>7} {'needed':>7}")
    peer = None
    for row in sorted(rows, key=lambda r: r["peer"]):
        if row["peer"] != peer:
            peer = row["peer"]
            print(f"against {peer}")
        print(f"{row['load']:<42} {FIGURES[row['figure']][0]:<34} {show_number(row['ours']):>14} "
              f"{show_number(row['theirs']):>14} {row['ratio']:>6.2f}x {row['required']:>6.2f}x"
              f"{'' if row['reached'] else '  NOT REACHED'}")
    for label, values in relay.items():
        rate, cpu = (statistics.median(each) for each in zip(*values))
        print(f"bare relay, {label}: {show_number(rate)} messages/s, "
              f"{show_number(cpu)} CPU s per million messages")


def main():
    options = parse_arguments()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # servers inherit it
    servers = contestants(options)
    folder = tempfile.mkdtemp(prefix="troupe-bench-certificate-")
    try:
        certificate = make_certificate(folder)
        if not certificate:
            say("no openssl command: the TLS loads are left out")
        chosen = [load for load in LOADS if not options.only or options.only in load.name]
        sites = {"one user": one_user(), "tenants": tenants()}
        if any(load.site == "operator" for load in chosen):
            sites["operator"] = operator_site(options.tool, os.path.join(folder, "operator"))
        figures, relay, failures = measure(options, servers, chosen, sites, certificate)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rows = compare(figures, servers)
    print("on " + ", ".join(f"{name} {value}" for name, value in machine().items()))
    print_table(rows, relay, servers[0][0])
    goals = own_goals(figures, relay, servers[0][0]) if not options.without_troupe else []
    for sentence, value, limit, reached in goals:
        print(f"{sentence:<98} {show_number(value):>14} {show_number(limit):>14}"
              f"{'' if reached else '  NOT REACHED'}")
    for failure in failures:
        print("FAILED " + failure)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump({"machine": machine(),
                       "versions": {name: version_of(binary) for name, binary, _ in servers},
                       "turns": options.turns, "rows": rows, "figures": figures,
                       "bare_relay": relay, "goals": goals, "failures": failures}, out, indent=1)
    reached = all(row["reached"] for row in rows) and all(goal[3] for goal in goals)
    return 0 if rows and not failures and reached else 1


if __name__ == "__main__":
    sys.exit(main())
