"""The brokers of the two sites as processes: their accounts, certificates, environment, start, end."""
import json
import os
import pathlib
import signal
import subprocess
import time
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
MEMBERS = ["newyork-1", "newyork-2", "tokyo-1", "tokyo-2"]
LEAF = "provisioning"
OPERATOR = "fleet"
TENANTS = ["acme", "beta"]
DEADLINE = 30  # seconds until a start has to be over


class Trouble(Exception):
    """What the user has to know; its text is the message."""


class Network:
    """`state` is the folder of everything that is made, `troupe` the binary, `ports` the first port."""

    def __init__(self, state, troupe, ports):
        self.state, self.troupe, self.ports = state, troupe, ports
        self.authority = state / "ca.pem"
        remembered = state / "ports"
        if remembered.exists():  # check and stop need not be told again
            self.ports = int(remembered.read_text())

    def port(self, member, kind):
        kinds = ["client", "monitoring", "cluster", "gateway", "leaf"]
        return self.ports + 10 * (MEMBERS + [LEAF]).index(member) + kinds.index(kind)

    def url(self, member):
        return f"{'nats' if member == LEAF else 'tls'}://127.0.0.1:{self.port(member, 'client')}"

    def creds(self, account, user):
        return self.state / "accounts/creds" / OPERATOR / account / f"{user}.creds"

    # -- what is made once ---------------------------------------------------------------------

    def _run(self, *command, **more):
        done = subprocess.run([str(part) for part in command], text=True, capture_output=True,
                              timeout=30, **more)
        if done.returncode != 0:
            what = " ".join(str(part) for part in command)
            raise Trouble(f"`{what}` failed:\n{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def _account(self, *words):
        return self._run(self.troupe, "account", *words, "--dir", self.state)

    def make_accounts(self):
        self._account("init", "--bare", "--operator", OPERATOR, "--account", "OPS", "--config", "none")
        for tenant in TENANTS:
            self._account("add", "account", tenant)
            self._account("add", "user", tenant, "app")
            # Operations reads the registration of every tenant, with its name in front.
            self._account("export", tenant, "choria.registration.>", "--stream")
            self._account("import", "OPS", "choria.registration.>", "--from", tenant,
                          "--prefix", f"tenants.{tenant}")
        self._account("add", "account", "provisioning")
        self._account("add", "user", "provisioning", "provisioner")
        self._account("add", "user", "provisioning", "leaf", "--template", "provisioning-leaf",
                      "--conn-type", "leafnode")
        self._account("export", "provisioning", "choria.lifecycle.>", "--stream")
        self._account("import", "OPS", "choria.lifecycle.>", "--from", "provisioning")
        text = self._account("config", "--format", "nats")
        (self.state / "accounts.conf").write_text(text[text.index("operator:"):])

    def make_certificates(self):
        def openssl(*words):
            self._run("openssl", *words, cwd=self.state)

        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "3650", "-subj", "/CN=Sites CA", "-keyout", "ca.key", "-out", "ca.pem")
        for member in MEMBERS + [LEAF]:
            (self.state / "extensions").write_text(
                f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{member}\n"
                "extendedKeyUsage=serverAuth,clientAuth\n")
            openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", f"/CN={member}", "-keyout", f"{member}.key", "-out", f"{member}.csr")
            openssl("x509", "-req", "-in", f"{member}.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                    "-CAcreateserial", "-days", "3650", "-extfile", "extensions",
                    "-out", f"{member}.pem")
            (self.state / f"{member}.csr").unlink()
        (self.state / "extensions").unlink()

    def environment(self, member):
        """What member.conf and provisioning.conf leave open for this broker."""
        site = "NewYork" if member.startswith("newyork") else "Tokyo"
        values = {"SITE": site, "MEMBER": member, "STATE": self.state,
                  "CLIENT_PORT": self.port(member, "client"),
                  "MONITORING_PORT": self.port(member, "monitoring"),
                  "CLUSTER_PORT": self.port(member, "cluster"),
                  "GATEWAY_PORT": self.port(member, "gateway"),
                  "LEAF_PORT": self.port(member, "leaf"),
                  "CERTIFICATE": self.state / f"{member}.pem", "KEY": self.state / f"{member}.key",
                  "AUTHORITY": self.authority, "UPLINK_CREDS": self.creds("provisioning", "leaf")}
        for place, other in zip(("FIRST_ROUTE", "SECOND_ROUTE"),
                                [m for m in MEMBERS if m.startswith(site.lower())]):
            values[place] = f"nats-route://127.0.0.1:{self.port(other, 'cluster')}"
        for other in MEMBERS:
            values[other.upper().replace("-", "_")] = f"nats://127.0.0.1:{self.port(other, 'gateway')}"
        for place, other in (("HUB_1", "newyork-1"), ("HUB_2", "newyork-2")):
            values[place] = f"tls://127.0.0.1:{self.port(other, 'leaf')}"
        return {name: str(value) for name, value in values.items()}

    # -- processes -----------------------------------------------------------------------------

    def pid(self, member):
        """Of the running broker, or None."""
        try:
            pid = int((self.state / f"{member}.pid").read_text())
            command = pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except (OSError, ValueError):
            return None
        return pid if f"{self.state}/" in command else None  # else the number is another's by now

    def start(self, peers):
        running = [member for member in MEMBERS + [LEAF] if self.pid(member)]
        if running:
            raise Trouble(f"{', '.join(running)} of {self.state} run already; `stop` ends them")
        self.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self.state / "ports").write_text(f"{self.ports}\n")
        if not (self.state / "accounts.conf").exists():
            print("making operator, accounts and users …", flush=True)
            self.make_accounts()
        if not self.authority.exists():
            print("making an authority and certificates …", flush=True)
            self.make_certificates()
        for name in ("member.conf", "provisioning.conf"):  # beside accounts.conf, which they include
            (self.state / name).write_text((HERE / name).read_text())
        processes = {member: self._start(member, peers) for member in MEMBERS + [LEAF]}
        end = time.monotonic() + DEADLINE
        for member, process in processes.items():
            self._await_healthy(member, process, end)
            binary = pathlib.Path(peers.get(member, self.troupe)).name
            print(f"  {member:<13} {self.url(member)}  {binary}, pid {process.pid}, "
                  f"monitoring {self.port(member, 'monitoring')}", flush=True)
        self._await_whole(end)

    def _start(self, member, peers):
        values = self.environment(member)
        (self.state / f"{member}.env").write_text(
            "".join(f"{name}={value}\n" for name, value in values.items()))
        config = self.state / ("provisioning.conf" if member == LEAF else "member.conf")
        command = [peers[member], "-c", config] if member in peers else \
            [self.troupe, "run", "--config", config]
        with open(self.state / f"{member}.log", "ab") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, env={**os.environ, **values},
                                       start_new_session=True)
        (self.state / f"{member}.pid").write_text(f"{process.pid}\n")
        return process

    def monitoring(self, member, path):
        with urllib.request.urlopen(
                f"http://127.0.0.1:{self.port(member, 'monitoring')}{path}", timeout=5) as answer:
            return json.load(answer)

    def _await_healthy(self, member, process, end):
        while time.monotonic() < end and process.poll() is None:
            try:
                if self.monitoring(member, "/healthz").get("status") == "ok":
                    return
            except (OSError, ValueError, urllib.error.URLError):
                pass
            time.sleep(0.05)
        log = self.state / f"{member}.log"
        tail = "\n  ".join(log.read_text(errors="replace").splitlines()[-8:])
        self.stop()
        raise Trouble(f"{member} does not start; the end of {log}:\n  {tail}")

    def tree(self):
        """(is it whole?, the tree of the super cluster as text)"""
        done = subprocess.run(
            [self.troupe, "super", "--whole", "--server", self.url("newyork-1"), "--tls-ca",
             str(self.authority), "--creds", str(self.creds("SYS", "sys"))],
            text=True, capture_output=True, timeout=30)
        whole = done.returncode == 0 and all(member in done.stdout for member in MEMBERS) and \
            "leaf node" in done.stdout
        return whole, (done.stdout + done.stderr).strip()

    def _await_whole(self, end):
        whole, text = self.tree()
        while not whole and time.monotonic() < end:
            time.sleep(0.2)
            whole, text = self.tree()
        if not whole:
            raise Trouble(f"the super cluster is not whole after {DEADLINE} s (it goes on trying):\n{text}")
        print(text)

    def stop(self):
        ending = {}
        for member in MEMBERS + [LEAF]:
            pid = self.pid(member)
            if pid:
                os.kill(pid, signal.SIGTERM)
                ending[member] = pid
        end = time.monotonic() + DEADLINE
        while any(self._lives(pid) for pid in ending.values()):
            if time.monotonic() > end:
                late = [m for m, pid in ending.items() if self._lives(pid)]
                raise Trouble(f"{', '.join(late)} did not end within {DEADLINE} s of SIGTERM")
            time.sleep(0.05)
        for member in MEMBERS + [LEAF]:
            (self.state / f"{member}.pid").unlink(missing_ok=True)
        print(f"stopped {', '.join(ending)}" if ending else f"nothing of {self.state} runs")

    @staticmethod
    def _lives(pid):
        try:
            os.waitpid(pid, os.WNOHANG)  # ours, if this process started it
        except ChildProcessError:
            pass
        return os.path.exists(f"/proc/{pid}")
