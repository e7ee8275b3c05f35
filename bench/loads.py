# bench/loads.py: the loads of the side-by-side benchmark, and how much better Troupe must be.
"""Every load runs `troupe bench` with some flags against one server and yields named figures.

`required` is the least ratio of Troupe to the better one of the peers, larger being better for every
figure (for times, memory and CPU the ratio is turned round). `limits` are figures of Troupe alone,
and RELATIONS compare its loads with each other. A load with a `link` runs over two servers: who
publishes or asks is at one of them, who subscribes or answers at the other.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Load:
    name: str
    flags: tuple  # of `troupe bench`, without the amount
    # "deliver", "publish", "request", "requests", "connections", "handshakes" or "interest"
    kind: str
    probe: int = 0  # the amount of the first, short run that finds the amount for a full one
    tls: bool = False
    link: str = ""  # of sites.py: "route", "leaf" or "gateway"
    site: str = "one user"  # of sites.py: or "tenants", "operator"
    required: dict = field(default_factory=dict)  # figure -> ratio
    limits: dict = field(default_factory=dict)  # figure -> the worst that Troupe may have


def over(link):
    """What two linked servers have to carry."""
    return (
        Load(f"16 B, 1 to 1, over a {link}", ("--size", "16", "--sub", "1"), "deliver", 100_000,
             link=link, required={"rate": 3.0, "cpu": 3.0}),
        Load(f"1 KiB, 1 to 1, over a {link}", ("--size", "1024", "--sub", "1"), "deliver", 50_000,
             link=link, required={"rate": 3.0, "cpu": 3.0}),
        Load(f"request and reply over a {link}", ("--size", "16"), "request", 1_000, link=link,
             required={"p50": 1.25, "p99": 1.0}),
        Load(f"distinct subscriptions over a {link}", (), "interest", link=link,
             required={"until_known": 3.0, "memory": 3.0, "memory_of_links": 3.0, "cpu": 3.0}),
    )


LOADS = (
    Load("16 B publish only", ("--size", "16"), "publish", 500_000,
         required={"rate": 4.0, "cpu": 4.0}),
    Load("16 B, 1 to 1", ("--size", "16", "--sub", "1"), "deliver", 300_000,
         required={"rate": 6.0, "cpu": 5.0}),
    Load("16 B, 4 pairs", ("--size", "16", "--pub", "4", "--sub", "4", "--pairs"), "deliver",
         300_000, required={"rate": 4.0, "cpu": 5.0}),
    Load("16 B, 1 to 8", ("--size", "16", "--sub", "8"), "deliver", 80_000,
         required={"rate": 3.5, "cpu": 5.0}),
    Load("256 B, 1 to 1", ("--size", "256", "--sub", "1"), "deliver", 200_000,
         required={"rate": 2.8, "cpu": 2.0}),
    Load("8 KiB, 1 to 1", ("--size", "8192", "--sub", "1"), "deliver", 20_000,
         required={"rate": 1.7, "cpu": 1.0}),
    Load("16 B, 1 to 1, 10 000 unrelated wildcards",
         ("--size", "16", "--sub", "1", "--extra-subscriptions", "10000"), "deliver", 300_000,
         required={"rate": 5.0, "cpu": 4.0}),
    Load("request and reply, one at a time", ("--size", "16"), "request", 1_000,
         required={"p50": 1.43, "p99": 1.0}),
    Load("idle connection, plain", ("--subscriptions", "2"), "connections",
         required={"memory": 6.5}, limits={"memory": 4096}),
    Load("idle connection, TLS", ("--subscriptions", "2", "--tls-insecure"), "connections",
         tls=True, required={"memory": 1.0}, limits={"memory": 20480}),
    Load("TLS handshake with log-in", ("--tls-insecure",), "handshakes", tls=True,
         required={"handshakes": 1.0}),
    Load("16 B, 1 to 1, 200 accounts", ("--size", "16", "--sub", "1"), "deliver", 300_000,
         site="tenants", required={"rate": 6.0, "cpu": 5.0}),
    Load("16 B through a stream import",
         ("--size", "16", "--sub", "1", "--subject", "shared.stream", "--subscriber-user", "other"),
         "deliver", 300_000, site="tenants", required={"rate": 4.0, "cpu": 4.0}),
    Load("requests in one account, 64 at once",
         ("--size", "16", "--in-flight", "64"), "requests", 20_000, site="tenants",
         required={"cpu": 1.0}),
    Load("requests through a service import, 64 at once",
         ("--size", "16", "--in-flight", "64", "--subject", "shared.request",
          "--subscriber-user", "other"), "requests", 20_000, site="tenants",
         required={"cpu": 1.0}),
    Load("log-in by JWT", (), "handshakes", site="operator", required={"handshakes": 1.0},
         limits={"handshakes": 2000}),
    *over("route"), *over("leaf"), *over("gateway"),
)

# (load, figure, load that it is compared with, the least ratio; more is better, as in `required`).
RELATIONS = (
    ("16 B, 1 to 1, 10 000 unrelated wildcards", "rate", "16 B, 1 to 1", 0.8),
    ("16 B, 1 to 1, 200 accounts", "rate", "16 B, 1 to 1", 0.85),
    ("16 B through a stream import", "cpu", "16 B, 1 to 1, 200 accounts", 1 / 1.5),
    ("requests through a service import, 64 at once", "cpu", "requests in one account, 64 at once",
     1 / 2),
)

# How a figure is called, and whether more of it is better.
FIGURES = {
    "rate": ("messages/s", True),
    "cpu": ("server CPU s per million messages", False),
    "p50": ("p50, us", False),
    "p99": ("p99, us", False),
    "memory": ("server bytes each", False),
    "memory_of_links": ("bytes each at the other server", False),
    "until_known": ("s until the other server knows", False),
    "handshakes": ("per server CPU second", True),
}
