#!/usr/bin/env python3
# test/scenarios/client_hosts.py: a Choria broker's file; clients and managed nodes told apart by address.
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from peer import Peer, Server  # noqa: E402

CLIENT, NODE = "127.0.0.2", "127.0.0.3"
BASE = """# a broker's configuration
plugin.choria.broker_network = true
plugin.choria.network.listen_address = 127.0.0.1
plugin.choria.network.client_port = @PORT@
plugin.choria.network.client_tls_disable = true
logfile = stderr
"""
HOSTS = "plugin.choria.network.client_hosts = 10.0.0.0/8, 127.0.0.2\n"
DENY = "plugin.choria.network.deny_server_connections = true\n"


def subscribed(peer, subject):
    """Whether a subscription is let in."""
    before = len(peer.errors)
    peer.send(f"SUB {subject} {len(peer.heard) + 1000 + before}\r\n")
    peer.fence()
    return len(peer.errors) == before


def published(peer, subject):
    before = len(peer.errors)
    peer.send(f"PUB {subject} 0\r\n\r\n")
    peer.fence()
    return len(peer.errors) == before


def check(what, wanted):
    assert what == wanted, f"is {what}, must be {wanted}"


USERS = """listen: {host: 127.0.0.1, port: @PORT@}
fleet: {client_hosts: [127.0.0.2]}
authorization:
  users:
    - {user: operator, password: p, permissions: {publish: ["site.>", "mcollective.node.web1"]}}
    - {user: answerer, password: p, permissions: {publish: [">"], subscribe: [">"], allow_responses: true}}
"""


def users_and_hosts(folder):
    """Host and user both have to allow what somebody does."""
    with Server(folder + "/troupe", USERS, choria=True, name="troupe.yaml") as server:
        client = Peer(server.port, "operator", CLIENT)
        node = Peer(server.port, "operator", NODE)
        for peer, subject, wanted in ((client, "site.x", True), (node, "site.x", True),
                                      (client, "mcollective.node.web1", True),
                                      (node, "mcollective.node.web1", False),
                                      (client, "mcollective.node.web2", False),
                                      (node, "mcollective.broadcast.agent.registration", False)):
            check((subject, published(peer, subject)), (subject, wanted))
        check(subscribed(client, "mcollective.reply.>"), True)
        check(subscribed(node, "mcollective.reply.>"), False)
        # Nobody makes a request of an answer by naming its subject as the reply to himself.
        node = Peer(server.port, "answerer", NODE)
        check(subscribed(node, "mine"), True)
        for subject, wanted in (("mcollective.broadcast.agent.shell", False),
                                ("mcollective.reply.abc.1", True)):
            node.send(f"PUB mine {subject} 0\r\n\r\n")
            node.fence()
            check((subject, published(node, subject)), (subject, wanted))


def main():
    users_and_hosts(sys.argv[1])
    with Server(sys.argv[1] + "/troupe", BASE + HOSTS, choria=True) as server:
        client = Peer(server.port, source=CLIENT)
        node = Peer(server.port, source=NODE)
        check(node.info["auth_required"], True)
        for subject in ("mcollective.broadcast.agent.rpcutil", "mcollective.node.web1",
                        "choria.federation.x.federation", "mcollective.broadcast.service.x"):
            check((subject, published(client, subject)), (subject, True))
            check((subject, published(node, subject)), (subject, False))
        for subject in ("mcollective.reply.>", "choria.lifecycle.event.>", "choria.federation.>"):
            check((subject, subscribed(client, subject)), (subject, True))
            check((subject, subscribed(node, subject)), (subject, False))
        for subject in ("mcollective.reply.abc.1", "choria.lifecycle.event.startup.server",
                        "mcollective.broadcast.agent.registration", "choria.machine.transition"):
            check((subject, published(node, subject)), (subject, True))
        # A request reaches the node, its answer the client; another node hears neither.
        spy = Peer(server.port, source=NODE)
        check(subscribed(spy, "mcollective.>"), True)
        check(subscribed(node, "mcollective.node.web1"), True)
        client.send("PUB mcollective.node.web1 mcollective.reply.abc.1 2\r\nhi\r\n")
        client.fence()
        node.fence()
        check([m[0] for m in node.heard], ["mcollective.node.web1"])
        node.send("PUB mcollective.reply.abc.1 2\r\nok\r\n")
        node.fence()
        client.fence()
        check("mcollective.reply.abc.1" in [m[0] for m in client.heard], True)
        spy.fence()
        check([m[0] for m in spy.heard], ["mcollective.node.web1"])
        # From now on nodes may do nothing; who is there already hears of it.
        server.reconfigure(BASE + HOSTS + DENY)
        deadline = time.monotonic() + 20
        while published(node, "custom"):
            assert time.monotonic() < deadline, "the reload has no effect"
        check(published(node, "mcollective.broadcast.agent.registration"), False)
        check(subscribed(node, "custom"), False)
        check(published(client, "mcollective.node.web1"), True)
        node.fence()
        check("mcollective.node.web1" in [m[0] for m in node.heard[1:]], False)
        # Without the list everybody is a client again.
        server.reconfigure(BASE)
        deadline = time.monotonic() + 20
        while not published(node, "mcollective.node.web1"):
            assert time.monotonic() < deadline, "the reload has no effect"
        check(subscribed(node, "mcollective.reply.>"), True)
        print("clients and managed nodes are told apart")


if __name__ == "__main__":
    main()
