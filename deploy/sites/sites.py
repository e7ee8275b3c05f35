#!/usr/bin/env python3
"""NewYork and Tokyo on one machine: a super cluster of two sites with two brokers each, an account
for operations, two tenants, and a plain-text leaf node where machines wait to be provisioned."""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import network  # noqa: E402
import proof  # noqa: E402


def find_troupe(given):
    """The binary of this checkout's build, or the one that is installed."""
    built = HERE.parent.parent / "build/release/bin/troupe"
    found = given or (str(built) if built.exists() else shutil.which("troupe"))
    if not found or not shutil.which(found):
        sys.exit(f"sites: no troupe at {found or built}; build it with `make build`, or name it with --troupe")
    return str(pathlib.Path(shutil.which(found)).resolve())


def parse_peers(entries):
    peers = {}
    for entry in entries:
        member, separator, binary = entry.partition("=")
        if member not in network.MEMBERS or not separator:
            names = ", ".join(network.MEMBERS)
            sys.exit(f"sites: --peer {entry}: MEMBER=PATH is needed, with one of {names}")
        if not shutil.which(binary):
            sys.exit(f"sites: --peer {entry}: {binary} is not a program")
        peers[member] = shutil.which(binary)
    return peers


def next_commands(site):
    client = f"--server {site.url('newyork-1')} --tls-ca {site.authority}"
    other = f"--server {site.url('tokyo-2')} --tls-ca {site.authority}"
    return f"""Try, with troupe in your PATH:
  troupe super {client} --creds {site.creds('SYS', 'sys')}
  troupe sub 'orders.>' {client} --creds {site.creds('acme', 'app')}
  troupe pub orders.new hello {other} --creds {site.creds('acme', 'app')}
  troupe pub provisioning.registration.data "from a bare node" --server {site.url('provisioning')}
Then `{pathlib.Path(sys.argv[0])} check`, and `stop`."""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("command", choices=["start", "check", "stop"],
                        help="start all brokers; prove what they promise; end them")
    parser.add_argument("--state", default=os.environ.get("TROUPE_SITES", "troupe-sites"), type=pathlib.Path,
                        help="folder of accounts, keys, certificates, logs (default: $TROUPE_SITES, ./troupe-sites)")
    parser.add_argument("--troupe", help="the binary (default: this checkout's build, or the installed one)")
    parser.add_argument("--ports", default=14200, type=int,
                        help="first of the 50 ports that are taken (default: 14200)")
    parser.add_argument("--peer", default=[], action="append", metavar="MEMBER=PATH",
                        help="run this member as that nats-server; may be repeated")
    options = parser.parse_args()
    if not 1024 <= options.ports <= 65485:
        sys.exit(f"sites: --ports {options.ports}: 50 ports are needed, from 1024 to 65485")
    peers = parse_peers(options.peer)
    site = network.Network(options.state.resolve(), find_troupe(options.troupe), options.ports)
    try:
        if options.command == "start":
            site.start(peers)
            print(next_commands(site))
        elif options.command == "check":
            if not proof.check(site):
                sys.exit(1)
        else:
            site.stop()
    except network.Trouble as trouble:
        sys.exit(f"sites: {trouble}")
    except KeyboardInterrupt:
        sys.exit(130)
    except subprocess.TimeoutExpired as late:
        sys.exit(f"sites: no answer after {late.timeout:.0f} s: {' '.join(map(str, late.cmd))}")


if __name__ == "__main__":
    main()
