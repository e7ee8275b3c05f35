#!/usr/bin/env python3
# test/scenarios/tenants.py: two hundred tenants export registrations, one pool of processors reads them.
import pathlib
import sys
from collections import Counter

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "compare"))
from peer import Peer, Server  # noqa: E402

TENANTS = 200
EACH = 50
PROCESSORS = 4


def config():
    names = [f"T{n}" for n in range(TENANTS)]
    out = ["accounts {"]
    for name in names:
        out.append(f'  {name} {{ users: [{{user: {name}, password: p}}], exports: ['
                   '{stream: "choria.registration.>", accounts: [OPS]}] }')
    out.append("  OPS { users: [{user: ops, password: p}], imports: [")
    for name in names:
        out.append(f'    {{stream: {{account: {name}, subject: "choria.registration.>"}},'
                   f' prefix: "tenants.{name}"}}')
    return names, "\n".join(out + ["  ] }", "}"])


def main():
    names, text = config()
    with Server(sys.argv[1] + "/nats-server", text) as server:
        pool = [Peer(server.port, "ops") for _ in range(PROCESSORS)]
        for processor in pool:
            processor.send("SUB tenants.*.choria.registration.> processors 1\r\n")
            processor.fence()
        tenants = {name: Peer(server.port, name) for name in names}
        for name, tenant in tenants.items():  # a neighbour listens to everything it may
            tenant.send("SUB > 1\r\n")
            tenant.fence()
        for number in range(EACH):
            for name, tenant in tenants.items():
                body = f"{name} {number}"
                tenant.send(f"PUB choria.registration.node{number} {len(body)}\r\n{body}\r\n")
        for peer in [*tenants.values(), *pool]:
            peer.fence()
        heard = Counter((subject, body) for p in pool for subject, _, _, _, body in p.heard)
        wanted = Counter((f"tenants.{name}.choria.registration.node{n}", f"{name} {n}")
                         for name in names for n in range(EACH))
        assert heard == wanted, f"lost {wanted - heard}, too much {heard - wanted}"
        for name, tenant in tenants.items():
            own = [body for _, _, _, _, body in tenant.heard]
            assert own == [f"{name} {n}" for n in range(EACH)], f"{name} heard {own}"
        shares = [len(p.heard) for p in pool]
        assert min(shares) > TENANTS * EACH / PROCESSORS / 2, f"a processor had little: {shares}"
        print(f"{sum(shares)} messages of {TENANTS} tenants, each once; the processors had {shares}")


if __name__ == "__main__":
    main()
