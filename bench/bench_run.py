# bench/bench_run.py: runs one load of `troupe bench` against one server and takes its figures.
import json
import subprocess
import time

from server_process import cpu_seconds_of


class LoadFailed(Exception):
    pass


class BenchRun:
    """`tool` is the troupe binary that generates the load, the same for every server."""

    def __init__(self, tool, options):
        self.tool = tool
        self.options = options
        self.amounts = {}  # (server, load) -> messages for one run of about options.seconds

    def _command(self, server, flags):
        linked = getattr(server, "other_url", None)
        where = ["--subscriber-server", linked] if linked else []
        return [self.tool, "bench", "--json", "--server", server.url, *where, *server.site.login,
                *flags]

    def _bench(self, server, flags):
        done = subprocess.run(self._command(server, flags), capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=600)
        if done.returncode != 0:
            raise LoadFailed(done.stderr.strip())
        return json.loads(done.stdout)

    def run(self, load, who, server):
        """The figures of one run, as {figure: value}."""
        if load.kind == "connections":
            return self._idle(load, server)
        if load.kind == "handshakes":
            return self._handshakes(load, server)
        if load.kind == "interest":
            return self._interest(load, server)
        if load.kind == "request":
            report = self._bench(server, [*load.flags, "--requests", str(self.options.requests)])
            return {"p50": report["microseconds"]["p50"], "p99": report["microseconds"]["p99"]}
        if load.kind == "requests":
            return self._requests(load, who, server)
        return self._throughput(load, who, server)

    def _requests(self, load, who, server):
        """Many at once, for what one costs the server."""
        key = (who, load.name)
        if key not in self.amounts:
            probe = self._bench(server, [*load.flags, "--requests", str(load.probe)])
            self.amounts[key] = max(load.probe,
                                    int(probe["requests_per_second"] * self.options.seconds))
        before = server.cpu_seconds()
        report = self._bench(server, [*load.flags, "--requests", str(self.amounts[key])])
        cpu = server.cpu_seconds() - before
        return {"rate": report["requests_per_second"], "cpu": cpu / (report["requests"] / 1e6)}

    def _throughput(self, load, who, server):
        field = "published" if load.kind == "publish" else "delivered"
        key = (who, load.name)
        if key not in self.amounts:
            probe = self._bench(server, [*load.flags, "--messages", str(load.probe)])
            rate = probe["published_per_second"]
            self.amounts[key] = max(load.probe, int(rate * self.options.seconds))
        before = server.cpu_seconds()
        report = self._bench(server, [*load.flags, "--messages", str(self.amounts[key])])
        cpu = server.cpu_seconds() - before
        return {"rate": report[field + "_per_second"], "cpu": cpu / (report[field] / 1e6),
                "tool_cpu": report["own_cpu_seconds"], "server_cpu": cpu,
                "seconds": report["seconds"]}

    def _handshakes(self, load, server):
        before = server.cpu_seconds()
        count = self.options.handshakes
        report = self._bench(server, [*load.flags, "--handshakes", str(count)])
        cpu = server.cpu_seconds() - before
        return {"handshakes": count / max(cpu, 0.01), "per_second": report["per_second"]}

    def _idle(self, load, server):
        count = self.options.idle_connections
        # A few connections first, so that what a server sets up once is not charged to the idle ones.
        warm = self._command(server, ["--connections", "10", "--hold-until-eof", *load.flags])
        subprocess.run(warm, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        before = server.memory()
        flags = ["--connections", str(count), "--hold-until-eof", *load.flags]
        with subprocess.Popen(self._command(server, flags), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as holder:
            line = holder.stdout.readline()
            if not line:
                holder.stdin.close()
                raise LoadFailed(holder.stderr.read().strip())
            after = self._settled_memory(server)
            holder.stdin.close()
            holder.wait(60)
        report = json.loads(line)
        return {"memory": (after - before) / count, "open_seconds": report["seconds"]}

    def _interest(self, load, pair):
        """Many subscriptions at one of two servers, until the other one knows them."""
        warm = self._command(pair, ["--interest", "10", *load.flags])
        subprocess.run(warm, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
        count = self.options.interest
        before = (pair.first.memory(), pair.second.memory())
        cpu = pair.cpu_seconds()
        flags = ["--interest", str(count), "--hold-until-eof", "--idle-limit", "60s", *load.flags]
        with subprocess.Popen(self._command(pair, flags), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as holder:
            line = holder.stdout.readline()
            cpu = pair.cpu_seconds() - cpu
            if not line:
                holder.stdin.close()
                raise LoadFailed(holder.stderr.read().strip())
            there = self._settled_memory(pair.second) - before[1]
            here = pair.first.memory() - before[0]
            holder.stdin.close()
            holder.wait(60)
        return {"until_known": json.loads(line)["seconds"], "memory": there / count,
                "memory_of_links": here / count, "cpu": cpu / (count / 1e6)}

    @staticmethod
    def _settled_memory(server):
        """After the first PINGs (2.0 to 2.4 s after log-in) have been answered."""
        deadline = time.monotonic() + 4
        value = server.memory()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            value = server.memory()
        return value

    def relay(self, path, size, hops):
        """What this machine carries with no broker in between, through `hops` bare relays:
        messages/s, and their CPU seconds per million messages."""
        with subprocess.Popen([path, str(hops)], stdout=subprocess.PIPE, text=True) as relay:
            try:
                url = "nats://127.0.0.1:" + relay.stdout.readline().strip()
                messages = max(1000, int(self.options.seconds * 200e6 / (size + 20)))
                done = subprocess.run(
                    [self.tool, "bench", "--json", "--bare-relay", "--sub", "1", "--size",
                     str(size), "--messages", str(messages), "--server", url],
                    capture_output=True, text=True, check=False, timeout=600)
                cpu = cpu_seconds_of(relay.pid)
            finally:
                relay.kill()
        if done.returncode != 0:
            raise LoadFailed(done.stderr.strip())
        return json.loads(done.stdout)["delivered_per_second"], cpu * 1e6 / messages
