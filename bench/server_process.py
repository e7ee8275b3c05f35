# bench/server_process.py: starts a server under test and reads its CPU time and memory.
import glob
import json
import os
import shlex
import shutil
import subprocess
import tempfile
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
TICKS = os.sysconf("SC_CLK_TCK")

CONFIG = """\
host: "127.0.0.1"
port: -1
ports_file_dir: "{folder}"
max_connections: 200000
"""

TLS = """\
tls {{
  cert_file: "{cert}"
  key_file: "{key}"
  timeout: 30
}}
"""


class ServerFailed(Exception):
    pass


def make_certificate(folder):
    """A self-signed P-256 certificate for 127.0.0.1; None without the openssl command."""
    cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
               "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert, "-days",
               "2", "-subj", "/CN=bench", "-addext", "subjectAltName=IP:127.0.0.1"]
    if shutil.which("openssl") is None:
        return None
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return cert, key


def cpu_seconds_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


class ServerProcess:
    """One server of a site (sites.py) on a free port; `certificate` makes it a TLS server."""

    def __init__(self, template, binary, site, certificate=None):
        self.site = site
        self.folder = tempfile.mkdtemp(prefix="troupe-bench-")
        self.config = os.path.join(self.folder, "server.conf")
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(folder=self.folder))
            out.write(site.config)
            if certificate:
                out.write(TLS.format(cert=certificate[0], key=certificate[1]))
        command = [part.format(binary=binary, config=self.config)
                   for part in shlex.split(template)]
        self.log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=subprocess.STDOUT)
        try:
            self.url = self._wait_for_port(time.monotonic() + 20)
        except ServerFailed:
            self.stop()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def _wait_for_port(self, deadline):
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"ended at once with {self.process.returncode}: "
                                   + self.last_words())
            for name in glob.glob(os.path.join(self.folder, "*.ports")):
                try:
                    with open(name, encoding="utf-8") as file:
                        address = json.load(file)["nats"][0]
                except (ValueError, KeyError, IndexError):
                    continue  # still being written
                return "nats://" + address.split("://")[-1]
            time.sleep(0.02)
        raise ServerFailed("wrote no ports file within 20 s: " + self.last_words())

    def last_words(self):
        self.log.flush()
        with open(os.path.join(self.folder, "log"), encoding="utf-8", errors="replace") as file:
            return " | ".join(file.read().splitlines()[-3:])

    def cpu_seconds(self):
        return cpu_seconds_of(self.process.pid)

    def memory(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm", encoding="utf-8") as file:
            return int(file.read().split()[1]) * PAGE

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)
