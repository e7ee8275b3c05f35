#!/usr/bin/env python3
# test/scenarios/faults.py BIN [FAULT...]: what happens to a mesh, and what must not happen to the rest of
# it. Without names: what needs neither root nor much time. `all`: everything.
import contextlib
import os
import pathlib
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from mesh import PATIENCE, Broker, Mesh  # noqa: E402

HEALED = 5  # seconds from the end of a fault until everybody hears everybody, for whoever names the fault


def three(binary):
    return [Broker(binary, name, "C1") for name in ("a", "b", "c")]


def done(what, messages, took=None):
    whole = f", whole after {took:.2f} s" if took is not None else ""
    print(f"{what}: {messages} messages between survivors{whole}", flush=True)


healed = PATIENCE  # the tests run on any machine, beside others: they print what it took


def heals(mesh, since):
    mesh.await_flow(since + healed)
    return time.monotonic() - since


def killed(binary):
    """A member dies, and comes back."""
    with Mesh(three(binary)) as mesh:
        c = mesh.brokers[2]
        time.sleep(0.5)
        c.stop(signal.SIGKILL)
        time.sleep(0.5)
        since = time.monotonic()
        c.start()
        mesh.meet(c)
        took = heals(mesh, since)
        done("killed with -9", mesh.judge(["a", "b"]), took)


def frozen(binary):
    """A member stands still for longer than its peers wait for it."""
    with Mesh(three(binary)) as mesh:
        c = mesh.brokers[2]
        c.send(signal.SIGSTOP)
        time.sleep(6)
        c.send(signal.SIGCONT)
        since = time.monotonic()
        took = heals(mesh, since)
        done("frozen for 6 s", mesh.judge(["a", "b"]), took)


def rolling(binary):
    """Each member in turn is ended as an operator does it, and started again."""
    with Mesh(three(binary)) as mesh:
        total, worst = 0, 0
        for number in range(3):
            broker = mesh.brokers[number]
            others = [b.name for b in mesh.brokers if b is not broker]
            broker.stop()
            time.sleep(0.3)
            since = time.monotonic()
            broker.start()
            mesh.meet(broker)
            worst = max(worst, heals(mesh, since))
            total += mesh.judge(others)
            mesh.forgive()
        done("rolling restart", total, worst)


def gateways(binary):
    """One of two members of a cluster dies fifty times; what goes by the other cluster's own routes stays."""
    brokers = [Broker(binary, name, cluster) for name, cluster in
               (("ny1", "NewYork"), ("ny2", "NewYork"), ("tk1", "Tokyo"), ("tk2", "Tokyo"))]
    with Mesh(brokers, gateways=True) as mesh:
        worst, before = 0, [b.memory() for b in brokers[:3]]
        for _ in range(50):
            brokers[3].stop(signal.SIGKILL)
            time.sleep(0.1)
            since = time.monotonic()
            brokers[3].start()
            mesh.meet(brokers[3])
            worst = max(worst, heals(mesh, since))
        total = mesh.judge(["ny1", "ny2"])
        # Who sent by the gateway that died has lost what was on its way: a gap, never a step back.
        for node in mesh.nodes.values():
            for speaker, last, number in node.wrong:
                assert number > last, f"{node.name} heard {number} of {speaker} after {last}"
        grown = max(b.memory() - was for b, was in zip(brokers, before))
        assert grown < 8 * 1024, f"a survivor has grown by {grown} KiB"
        done(f"50 gateway restarts, at most {grown} KiB more", total, worst)


def run(*words):
    subprocess.run(words, check=True, timeout=PATIENCE)


@contextlib.contextmanager
def apart(binary):
    """Three brokers, each in a network namespace of its own at one switch."""
    names = [f"troupe-{os.getpid()}-{x}" for x in "abc"]
    switch = f"troupe-{os.getpid()}-s"
    try:
        for space in names + [switch]:
            run("ip", "netns", "add", space)
            run("ip", "-n", space, "link", "set", "lo", "up")
        run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", switch, "link", "set", "bridge", "up")
        for number, space in enumerate(names, 1):
            run("ip", "-n", switch, "link", "add", f"to{number}", "type", "veth",
                "peer", "name", "eth0", "netns", space)
            run("ip", "-n", switch, "link", "set", f"to{number}", "master", "bridge", "up")
            run("ip", "-n", space, "addr", "add", f"10.77.0.{number}/24", "dev", "eth0")
            run("ip", "-n", space, "link", "set", "eth0", "up")
        with Mesh([Broker(binary, "abc"[i], "C1", f"10.77.0.{i + 1}", names[i])
                   for i in range(3)]) as mesh:
            yield mesh, lambda number, *how: run("ip", "-n", switch, "link", "set", f"to{number}", *how), \
                lambda number, *how: run("ip", "netns", "exec", switch, "tc", "qdisc", *how[:1],
                                         "dev", f"to{number}", "root", *how[1:])
    finally:
        for space in names + [switch]:
            subprocess.run(["ip", "netns", "del", space], stderr=subprocess.DEVNULL, check=False)


def cut(binary):
    """A member's cable is pulled for longer than its peers wait, and put back."""
    with apart(binary) as (mesh, link, _):
        link(3, "down")
        time.sleep(6)
        link(3, "up")
        since = time.monotonic()
        took = heals(mesh, since)
        done("cable pulled for 6 s", mesh.judge(["a", "b"]), took)


def partition(binary):
    """Nobody reaches anybody; then all do again."""
    with apart(binary) as (mesh, link, _):
        for number in (1, 2, 3):
            link(number, "down")
        time.sleep(6)
        for number in (1, 2, 3):
            link(number, "up")
        since = time.monotonic()
        took = heals(mesh, since)
        for node in mesh.nodes.values():  # a gap for what was lost, never a step back
            for speaker, last, number in node.wrong:
                assert number > last, f"{node.name} heard {number} of {speaker} after {last}"
            assert all(speaker != node.name for speaker, _, _ in node.wrong), "it lost what it said itself"
        mesh.forgive()
        time.sleep(0.5)
        done("full partition for 6 s", mesh.judge(["a", "b", "c"]), took)


def slow(binary):
    """The way to a member is slow and loses packets when much is said at once."""
    with apart(binary) as (mesh, _, queue):
        queue(3, "add", "tbf", "rate", "3mbit", "burst", "4kb", "latency", "20ms")
        time.sleep(6)
        queue(3, "del")
        since = time.monotonic()
        took = heals(mesh, since)
        done("3 Mbit/s for 6 s", mesh.judge(["a", "b", "c"]), took)


QUICK = [killed, rolling]
ALL = [killed, frozen, rolling, gateways, cut, partition, slow]


def main():
    binary = sys.argv[1] if len(sys.argv) > 1 else ""
    binary += "/nats-server" if os.path.isdir(binary) else ""
    if not os.access(binary, os.X_OK):
        sys.exit(f"no server {binary!r}; faults.py BUILD/bin or SERVER [{' | '.join(f.__name__ for f in ALL)} | all]")
    wanted = sys.argv[2:]
    known = {fault.__name__: fault for fault in ALL}
    unknown = [name for name in wanted if name != "all" and name not in known]
    if unknown:
        sys.exit(f"no fault {unknown[0]}; there are {', '.join(known)} and all")
    faults = ALL if "all" in wanted else [known[name] for name in wanted] or QUICK
    if wanted:
        global healed
        healed = HEALED
    for fault in faults:
        fault(binary)


if __name__ == "__main__":
    main()
