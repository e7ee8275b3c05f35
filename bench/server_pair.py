# bench/server_pair.py: two servers of one kind under test, joined by a link.
import socket
import time

from server_process import ServerFailed, ServerProcess
from sites import linked


class LinkNotServed(Exception):
    """Nobody listens on the link's port: this server knows no such links."""


class ServerPair:
    """The load generator publishes at the first (`url`) and subscribes at the second
    (`other_url`), which has dialled the first; figures are those of both together."""

    def __init__(self, template, binary, site, link):
        one, two, port = linked(site, link)
        self.site = site
        self.first = ServerProcess(template, binary, one)
        try:
            _expect_listener(port, link)
            self.second = ServerProcess(template, binary, two)
        except (ServerFailed, LinkNotServed):
            self.first.stop()
            raise
        self.url, self.other_url = self.first.url, self.second.url

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def cpu_seconds(self):
        return self.first.cpu_seconds() + self.second.cpu_seconds()

    def stop(self):
        self.second.stop()
        self.first.stop()


def _expect_listener(port, link):
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.02)
    raise LinkNotServed(f"nobody listens on its {link} port")
