"""What the two sites promise, each shown by messages: who hears what, once, and who does not."""
import json
import queue
import subprocess
import threading
import time

import network

PATIENCE = 10  # seconds in which a message has to arrive
QUIET = 1  # seconds in which nothing may arrive that should not


class Listener:
    """`troupe sub`: everything that this user hears there."""

    def __init__(self, site, member, creds, *subjects):
        self.process = subprocess.Popen(
            _client(site, member, creds, "sub") + ["--json", *subjects],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.lines = queue.Queue()
        self.notices = queue.Queue()
        for stream, to in ((self.process.stdout, self.lines), (self.process.stderr, self.notices)):
            threading.Thread(target=self._read, args=(stream, to), daemon=True).start()
        try:
            while "listening on" not in self.notices.get(timeout=PATIENCE):
                pass
        except queue.Empty:
            raise network.Trouble(f"no subscription to {' '.join(subjects)} at {member}") from None

    @staticmethod
    def _read(stream, to):
        for line in stream:
            to.put(line)

    def next(self, patience):
        try:
            return json.loads(self.lines.get(timeout=patience))
        except queue.Empty:
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=PATIENCE)


def _client(site, member, creds, verb):
    command = [site.troupe, verb, "--server", site.url(member)]
    if creds:
        command += ["--creds", str(site.creds(*creds)), "--tls-ca", str(site.authority)]
    return command


def publish(site, member, creds, subject, text):
    done = subprocess.run(_client(site, member, creds, "pub") + [subject, text],
                          text=True, capture_output=True, timeout=PATIENCE)
    return done.returncode == 0, done.stderr.strip()


def crosses(site, member, creds, subject, listener, expected):
    """Publishes until the listener has heard it (interest takes a moment to spread), and finds out
    whether it hears it under the `expected` subject and no message twice."""
    heard, end, number = [], time.monotonic() + PATIENCE, 0
    while not heard and time.monotonic() < end:
        number += 1
        done, why = publish(site, member, creds, subject, f"message {number}")
        if not done:
            return why
        message = listener.next(0.5)
        if message:
            heard.append(message)
    while message := listener.next(0.2):
        heard.append(message)
    if not heard:
        return f"not heard within {PATIENCE} s"
    if any(message["subject"] != expected for message in heard):
        return f"heard as {heard[0]['subject']} instead of {expected}"
    texts = [message["payload"] for message in heard]
    return None if len(set(texts)) == len(texts) else f"heard twice: {texts}"


def stays_away(listener):
    message = listener.next(QUIET)
    return f"heard {message['subject']}" if message else None


def refused(site, member, creds, subject):
    done, why = publish(site, member, creds, subject, "x")
    if done:
        return "it was let through"
    return None if "permission" in why.lower() else why


def answered(site, member, creds, subject, responder_member, responder_creds):
    responder = Listener(site, responder_member, responder_creds, subject)
    try:
        end = time.monotonic() + PATIENCE
        while True:  # asked before interest has spread, a question is refused at once
            asked = subprocess.Popen(
                _client(site, member, creds, "request") + [subject, "?", "--timeout", "10s", "--raw"],
                text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            question = responder.next(0.5)
            if question:
                break
            asked.kill()
            _, err = asked.communicate()
            if time.monotonic() > end:
                return err.strip() or "the question did not arrive"
        done, why = publish(site, responder_member, responder_creds, question["reply"], "here I am")
        if not done:
            asked.kill()
            return why
        out, err = asked.communicate(timeout=2 * PATIENCE)
        return None if "here I am" in out else err.strip() or f"answer {out!r}"
    finally:
        responder.close()


def check(site):
    good = True

    def say(sentence, trouble):
        nonlocal good
        good = good and trouble is None
        print(f"{'ok    ' if trouble is None else 'FAILED'}  {sentence}" +
              (f": {trouble}" if trouble else ""), flush=True)

    for member in network.MEMBERS + [network.LEAF]:
        if not site.pid(member):
            raise network.Trouble(f"{member} of {site.state} does not run; `start` begins")
    whole, text = site.tree()
    say("every broker has its routes and gateways, and the leaf node its hub",
        None if whole else "\n" + text)

    acme, beta, ops = ("acme", "app"), ("beta", "app"), ("OPS", "app")
    with_acme = Listener(site, "newyork-1", acme, "orders.>")
    with_beta = Listener(site, "newyork-2", beta, "orders.>")
    say("what acme publishes in Tokyo, acme hears in NewYork, once",
        crosses(site, "tokyo-2", acme, "orders.new", with_acme, "orders.new"))
    say("beta hears nothing of it", stays_away(with_beta))
    with_acme.close()
    with_beta.close()

    operations = Listener(site, "tokyo-1", ops, "tenants.>")
    for tenant in network.TENANTS:
        say(f"operations in Tokyo hears the registration of {tenant} in NewYork under its name",
            crosses(site, "newyork-2", (tenant, "app"), "choria.registration.node1", operations,
                    f"tenants.{tenant}.choria.registration.node1"))
    operations.close()

    say("a question of acme in NewYork is answered in Tokyo",
        answered(site, "newyork-2", acme, "time.now", "tokyo-1", acme))

    provisioner = Listener(site, "tokyo-2", ("provisioning", "provisioner"), ">")
    say("a bare node on the leaf is heard by the provisioner in Tokyo",
        crosses(site, network.LEAF, None, "provisioning.registration.data", provisioner,
                "provisioning.registration.data"))
    provisioner.close()
    lifecycle = Listener(site, "newyork-1", ops, "choria.lifecycle.>")
    say("operations hears that it has started",
        crosses(site, network.LEAF, None, "choria.lifecycle.event.startup.provision_mode_server",
                lifecycle, "choria.lifecycle.event.startup.provision_mode_server"))
    lifecycle.close()
    node = Listener(site, network.LEAF, None, "provisioning.node.n1")
    say("the provisioner in Tokyo reaches the bare node",
        crosses(site, "tokyo-1", ("provisioning", "provisioner"), "provisioning.node.n1", node,
                "provisioning.node.n1"))
    node.close()
    for subject in ("orders.new", "choria.registration.node1", "provisioning.node.n1", "$SYS.REQ.SERVER.PING"):
        say(f"the bare node may not publish {subject}", refused(site, network.LEAF, None, subject))
    return good

