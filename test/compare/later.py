# test/compare/later.py: what else a world has: maxima, weights, and a second configuration.
"""Each makes a random world of worlds.py richer, in place. What is known to differ is left out."""
import copy

COPIES = 48  # of a message whose way is chance: each outcome of 20 % and more comes up


def add_maxima(world):
    """Subscriptions that end by themselves, and some that end between messages."""
    for client in world.clients:
        imports = [i["local"] for i in client.account.imports if i["kind"] == "stream"]
        client.maxima = {}
        client.lasting = []
        for subject, queue, sid in client.subscriptions:
            # Of a group with a member that ends, chance decides who hears what.
            # What comes by a stream import nats-server counts apart.
            fits = not queue and not any(world.overlap(subject, local) for local in imports)
            if fits and world.chance(50):
                client.maxima[sid] = world.rnd.randint(1, 5)
            elif fits:
                client.lasting.append(sid)
    steps = []
    for message in world.rounds[0]:
        steps.append(message)
        client = world.rnd.choice(world.clients)
        if client.lasting and world.chance(15):
            sid = world.rnd.choice(client.lasting)
            steps.append({"unsubscribe": client, "sid": sid,
                          "maximum": world.rnd.randint(0, 6)})  # 0: at once
    world.rounds[0] = steps


def add_weights(world):
    """Mappings that choose; every message is sent often enough to see each choice."""
    for account in world.accounts:
        if not account.mappings or world.chance(50):
            world.add_mapping(account)
        for source in list(account.mappings):
            if world.chance(70):
                spare = world.accounts[0].__class__("")
                to = [account.mappings[source]]
                world.add_mapping(spare, source)
                to += spare.mappings.values()
                shares = world.rnd.choice([(50, 50), (40, 60), (30, 40), (60, 0)])
                account.mappings[source] = [(t, w) for t, w in zip(dict.fromkeys(to), shares) if w]
    for client in world.clients:
        # Chance would decide when a subscription's echo or its answer is refused for good.
        client.permissions.pop("allow_responses", None)
    for message in world.rounds[0]:
        message["copies"] = COPIES


def add_reload(world):
    """Other imports, exports, mappings and permissions, while everybody stays connected."""
    world.reloads = True
    for account in world.accounts:
        kept = [e for e in account.exports if not world.chance(20)]
        for gone in [e for e in account.exports if e not in kept]:
            for other in world.accounts:
                other.imports = [i for i in other.imports if not world.takes(i, account, gone)]
        account.exports = kept
        if world.chance(40):
            world.add_export(account)
    for index, account in enumerate(world.accounts):
        account.imports = [i for i in account.imports if not world.chance(25)]
        for _ in range(world.rnd.randint(0, 3)):
            world.add_import(index)
        if world.chance(20):
            account.mappings = {}
        if world.chance(20):
            world.add_mapping(account)
    for account in world.accounts:
        account.imports = [i for i in account.imports if world.is_covered_once(i)]
    for client in world.clients:
        if not world.chance(40):
            continue
        before = client.permissions
        client.permissions = copy.deepcopy(world.permissions())
        client.permissions.pop("allow_responses", None)
        if before.get("allow_responses"):
            client.permissions["allow_responses"] = True
        if any(world.is_known_to_differ(client, s) for s, _, _ in client.subscriptions):
            client.permissions = before
    world.rounds.append([world.message(n) for n in range(30, 60)])
