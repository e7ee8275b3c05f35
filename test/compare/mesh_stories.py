"""What is told in a mesh (mesh_site.py): each story, from one place to another, says who heard what."""
import collections
import json
import time

from mesh_site import PLACES, Talk

LARGE = "x" * 100_000


def plainly(mesh, here, there, subscription, subject, say):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {subscription.format(talk.name)} 1\r\n")
        talk.settle()
        talk.speaker.send(say.format(subject.format(talk.name)))
        heard = talk.last()
        return [(subject.replace(talk.name, "T"), reply, header, body if len(body) < 100 else len(body))
                for subject, _, reply, header, body in heard]


def status_of(header):
    """Without what newer releases add to it."""
    return header.split("\r\n")[0]


def request(mesh, here, there, subject="{}", service="{}", asker="a", server="a"):
    with Talk(mesh, here, there, asker, server) as talk:
        name = subject.format(talk.name)
        talk.listener.send(f"SUB {service.format(talk.name)} 1\r\n")
        if asker == server:
            talk.settle()
        else:
            talk.listener.fence()
            time.sleep(0.2)
        inbox = "_INBOX." + talk.name
        talk.speaker.send(f"SUB {inbox} 2\r\nPUB {name} {inbox} 1\r\n?\r\n")
        heard = talk.until(talk.listener, lambda all: len(all) > 0)
        for _, _, reply, _, body in heard:
            talk.listener.send(f"PUB {reply} 3\r\nyes\r\n")
        talk.listener.fence()
        answers = talk.until(talk.speaker, lambda all: len(all) > 0)
        # Not every release says through an import that nobody is there.
        return [len(heard), [(status_of(header), body) for _, _, _, header, body in answers
                             if asker == server or body]]


def no_responders(mesh, here, _):
    peer = mesh.peer(here)
    name = mesh.fresh()
    peer.send(f"SUB in.{name} 1\r\nPUB nobody.{name} in.{name} 0\r\n\r\n")
    peer.fence()
    out = [status_of(header) for _, _, _, header, _ in peer.heard]
    peer.close()
    return out


def maximum(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\nUNSUB 1 3\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 10)
        return len(talk.last())


def unsubscribed(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.listener.send("UNSUB 1\r\n")
        talk.listener.fence()
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n")
        return len(talk.last())


def order(mesh, here, there):
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.speaker.send("".join(f"PUB {talk.name} {len(str(i))}\r\n{i}\r\n" for i in range(200)))
        return [body for *_, body in talk.last()] == [str(i) for i in range(200)]


def queue(mesh, here, there):
    """Two members there: each message comes to one of them."""
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} g 1\r\nSUB {talk.name} g 2\r\nSUB {talk.name} 3\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 40)
        heard = [sid for _, sid, *_ in talk.last()]
        return [heard.count("1") + heard.count("2"), heard.count("3")]


def shared_queue(mesh, here, there):
    """A member at each end: where both are alike it is chance, else home has the first choice."""
    with Talk(mesh, here, there) as talk:
        home = mesh.peer(here)
        home.send(f"SUB {talk.name} g 1\r\n")
        home.fence()
        talk.listener.send(f"SUB {talk.name} g 1\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 60)
        away = len(talk.last())
        near = len(talk.until(home, lambda heard: len(heard) + away >= 60))
        home.close()
        return [near + away, "both" if near and away else "here" if near else "there"]


def stream(mesh, here, there, said="str", wanted="imp.str"):
    with Talk(mesh, here, there, "b", "a") as talk:
        talk.listener.send(f"SUB {wanted}.{talk.name} 1\r\nSUB imp.> 2\r\n")
        talk.listener.fence()
        time.sleep(0.2)
        talk.speaker.send(f"PUB {said}.{talk.name} 1\r\nx\r\n")
        talk.speaker.fence()
        heard = talk.until(talk.listener, lambda all: len(all) >= 2, 0.4)
        return sorted((subject.replace(talk.name, "T"), sid) for subject, sid, *_ in heard)


def stranger(mesh, here, there):
    """Of another account nothing is heard."""
    with Talk(mesh, here, there, "b", "b") as talk:
        spy = mesh.peer(there)
        spy.send("SUB > 1\r\n")
        spy.fence()
        if here != "leaf" and there != "leaf":
            talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n")
        talk.speaker.fence()
        if here != "leaf" and there != "leaf":
            talk.last()
        spy.fence()
        heard = [subject for subject, *_ in spy.heard if talk.name in subject]
        spy.close()
        return heard


def body_of(heard, sid):
    return [json.loads(body) for _, each, _, _, body in heard if each == sid]


def events(mesh, here, there):
    """Somebody in the system account hears that a client came and went elsewhere, and who it was."""
    if "leaf" in (here, there):
        return "apart"
    account = mesh.accounts.name("A")
    with Talk(mesh, here, there, "s", "s") as talk:
        talk.listener.send(f"SUB $SYS.ACCOUNT.{account}.CONNECT 1\r\nSUB $SYS.ACCOUNT.{account}.DISCONNECT 2\r\n")
        talk.settle()
        guest = mesh.peer(here)
        guest.send("SUB mine 1\r\nPUB mine 3\r\nabc\r\n")
        guest.fence()
        guest.close()

        def of_guest(sid, heard):
            return [event for event in body_of(heard, sid) if event["server"]["name"] == here
                    and event["client"]["id"] == guest.info["client_id"]]

        heard = talk.until(talk.listener, lambda all: of_guest("1", all) and of_guest("2", all))
        came, went = of_guest("1", heard), of_guest("2", heard)
        return [len(came), len(went)] + [
            (event["type"], event["client"]["acc"] == account, event["client"]["kind"],
             event["client"]["client_type"], event["client"]["lang"],
             event.get("reason"), event.get("sent"), event.get("received")) for event in came + went]


def refused(mesh, here, there):
    """The same of a client that nobody knows."""
    if "leaf" in (here, there):
        return "apart"
    with Talk(mesh, here, there, "s", "s") as talk:
        talk.listener.send("SUB $SYS.SERVER.*.CLIENT.AUTH.ERR 1\r\n")
        talk.settle()
        try:
            mesh.stranger(here)
        except (RuntimeError, ConnectionError):
            pass
        heard = talk.until(talk.listener, lambda all: len(all) > 0)
        return [(event["type"], event["server"]["name"], event["client"]["kind"], event["reason"])
                for event in body_of(heard, "1")]


def counted(mesh, here, there):
    """Each server says how many connections and leaf nodes an account has there."""
    if "leaf" in (here, there):
        return "apart"
    account = mesh.accounts.name("A")
    with Talk(mesh, here, there, "s", "s") as talk:
        talk.listener.send(f"SUB $SYS.ACCOUNT.{account}.SERVER.CONNS 1\r\n")
        talk.settle()

        def figures(heard):
            return [(event["conns"], event["leafnodes"], event["total_conns"]) for event in body_of(heard, "1")
                    if event["server"]["name"] == here]

        guest = mesh.peer(here)
        talk.until(talk.listener, lambda heard: figures(heard)[-1:] and figures(heard)[-1][0] == 1)
        guest.close()
        talk.until(talk.listener, lambda heard: figures(heard)[-1:] and figures(heard)[-1][0] == 0)
        return figures(talk.listener.heard)[-2:]


def answers_to(mesh, peer, subject, enough, body=""):
    """The answers to a request of many, until there are as many as there may be."""
    inbox = "_INBOX." + mesh.fresh()
    peer.send(f"SUB {inbox} {inbox}\r\nPUB {subject} {inbox} {len(body)}\r\n{body}\r\n")
    deadline = time.monotonic() + 0.7
    while len(peer.heard) < enough and time.monotonic() < deadline:
        time.sleep(0.01)
        peer.fence()
    out, peer.heard = peer.heard, []
    return out


def who(heard):
    """The servers that said something; not that nobody was there, as 2.9 does of what it does not know."""
    return sorted(json.loads(body)["server"]["name"] for *_, body in heard if body)


def servers(mesh, here, _):
    """Who answers whoever asks all of them, for each of what they can be asked; and how many each says there are."""
    peer = mesh.peer(here, "s")
    out = {}
    for service in ("", ".VARZ", ".SUBSZ", ".CONNZ", ".ROUTEZ", ".GATEWAYZ", ".LEAFZ", ".ACCOUNTZ", ".HEALTHZ",
                    ".STATSZ"):
        heard = answers_to(mesh, peer, "$SYS.REQ.SERVER.PING" + service, 1 if here == "leaf" else 3)
        out[service] = who(heard)
    deadline = time.monotonic() + 15  # they say it of themselves every ten seconds
    while out.get("known") != {1 if here == "leaf" else 3} and time.monotonic() < deadline:
        heard = answers_to(mesh, peer, "$SYS.REQ.SERVER.PING", 1 if here == "leaf" else 3)
        out["known"] = {json.loads(body)["statsz"]["active_servers"] for *_, body in heard if body}
    peer.close()
    return out


def account_services(mesh, here, _):
    """The same of an account's services, by the system account and by the account itself."""
    out = {}
    peer = mesh.peer(here, "s")
    account = mesh.accounts.name("A")
    most = 1 if here == "leaf" else 3
    for service in ("CONNZ", "SUBSZ", "LEAFZ", "INFO", "CONNS"):
        heard = answers_to(mesh, peer, f"$SYS.REQ.ACCOUNT.{account}.{service}", most)
        out[service] = who(heard)
    peer.close()
    peer = mesh.peer(here)
    heard = answers_to(mesh, peer, "$SYS.REQ.ACCOUNT.PING.CONNZ", 4)
    out["own"] = who(heard)
    peer.close()
    return out


def account_statistics(mesh, here, _):
    """The servers that the account has connections or leaf nodes at."""
    time.sleep(0.2)  # who spoke in the story before has gone
    peer = mesh.peer(here)
    heard = answers_to(mesh, peer, "$SYS.REQ.ACCOUNT.PING.STATZ", 4)
    peer.close()
    return who(heard)


def user_info(mesh, here, _):
    """What a user is told of himself. nats-server answers at the other end of a leaf node's link as well, of the
    link's user; one answer is the right one."""
    peer = mesh.peer(here, "allowed")
    heard = answers_to(mesh, peer, "$SYS.REQ.USER.INFO", 2)
    told = [json.loads(body)["data"] for *_, body in heard if body]
    peer.close()
    return any(data["account"] == mesh.accounts.name("A") and "yes.>" in str(data.get("permissions", {}).get("publish"))
               for data in told)


def drained(mesh, here, there):
    """Who unsubscribes in the middle of a stream has heard all up to there."""
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.speaker.send("".join(f"PUB {talk.name} {len(str(i))}\r\n{i}\r\n" for i in range(500)))
        talk.until(talk.listener, lambda heard: len(heard) > 0)
        talk.listener.send("UNSUB 1\r\n")
        talk.listener.fence()
        got = [body for *_, body in talk.listener.heard]
        return len(got) > 0 and got == [str(i) for i in range(len(got))] and len(talk.last()) == len(got)


def queue_drained(mesh, here, there):
    """One of two members at different places leaves in the middle of a stream: nothing comes twice."""
    with Talk(mesh, here, there) as talk:
        second = mesh.peer("member" if there == "hub" else "hub")
        for each in (talk.listener, second):
            each.send(f"SUB {talk.name} g 1\r\n")
            each.fence()
            talk.settle(listener=each)
        for i in range(200):
            talk.speaker.send(f"PUB {talk.name} {len(str(i))}\r\n{i}\r\n")
            if i == 100:
                talk.listener.send("UNSUB 1\r\n")
                talk.listener.fence()
                talk.settle()
        got = collections.Counter(body for *_, body in talk.last() + talk.last(listener=second))
        second.close()
        return [max(got.values()), all(str(i) in got for i in range(101, 200))]


def queue_maximum(mesh, here, there):
    """A member that ends after three messages leaves the rest to the other one."""
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} g 1\r\nUNSUB 1 3\r\nSUB {talk.name} g 2\r\n")
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 40)
        sids = [sid for _, sid, *_ in talk.last()]
        return [sids.count("1"), len(sids)]


def reconnected(mesh, here, there):
    """A client goes to another server with its subscription: it hears all, once, and nobody else does."""
    with Talk(mesh, here, there) as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        talk.listener.close()
        out = []
        for place in PLACES:
            talk.listener = mesh.peer(place)
            talk.listener.send(f"SUB {talk.name} 1\r\n")
            talk.settle()
            talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n")
            out.append(len(talk.last()))
            talk.listener.close()
        return out


def permitted(speaker, listener):
    """What one of two users who may not all says to the other."""
    def tell(mesh, here, there):
        with Talk(mesh, here, there, speaker, listener) as talk:
            subjects = [f"{word}.{talk.name}" for word in ("yes", "no", "part.yes", "part.no", "other")]
            for number, subject in enumerate(subjects):
                talk.listener.send(f"SUB {subject} {number}\r\n")
            talk.listener.send(f"SUB *.{talk.name} wide\r\nSUB part.> part\r\n")
            talk.settle()
            for subject in subjects:
                talk.speaker.send(f"PUB {subject} 1\r\nx\r\n")
            heard = talk.last()
            return [sorted((subject.replace(talk.name, "T"), sid) for subject, sid, *_ in heard
                           if talk.name in subject),
                    [each.replace(talk.name, "T") for each in talk.speaker.errors + talk.listener.errors]]

    return tell


def leaf_denies(mesh, here, there):
    """What a leaf node's user, or its own file, forbids."""
    with Talk(mesh, here, there) as talk:
        subjects = [f"{way}.{word}.{talk.name}" for way in ("up", "down") for word in ("yes", "no", "deny")]
        talk.listener.send("".join(f"SUB {subject} {subject[:-len(talk.name)]}\r\n" for subject in subjects))
        talk.listener.send(f"SUB *.*.{talk.name} wide\r\n")
        talk.settle()
        for subject in subjects:
            talk.speaker.send(f"PUB {subject} 1\r\nx\r\n")
        return sorted((subject.replace(talk.name, "T"), sid) for subject, sid, *_ in talk.last())


def allowed_response(mesh, here, there):
    """Who may only answer does it once for each request, wherever it came from, and says nothing else."""
    with Talk(mesh, here, there, "a", "answers") as talk:
        talk.listener.send(f"SUB {talk.name} 1\r\n")
        talk.settle()
        reply, other = f"in.{talk.name}.1", f"in.{talk.name}.2"
        talk.speaker.send(f"SUB in.{talk.name}.* 1\r\n")
        talk.speaker.fence()
        talk.settle(talk.listener, talk.speaker)
        talk.speaker.send(f"PUB {talk.name} {reply} 1\r\n?\r\n")
        heard = talk.until(talk.listener, lambda all: len(all) > 0)
        for word in ("one", "two"):
            for _, _, to, *_ in heard[:1]:
                talk.listener.send(f"PUB {to} 3\r\n{word}\r\n")
        talk.listener.send(f"PUB {other} 1\r\nx\r\n")
        got = talk.last(talk.listener, talk.speaker)
        return [len(heard), [(subject.replace(talk.name, "T"), body) for subject, _, _, _, body in got],
                len(talk.listener.errors)]


def queue_everywhere(mesh, here, _):
    """A member at every place: each message comes to one of them; where is chance, but not everywhere."""
    with Talk(mesh, here, here) as talk:
        members = {place: mesh.peer(place) for place in PLACES}
        for member in members.values():
            member.send(f"SUB {talk.name} g 1\r\n")
            talk.settle(listener=member)
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 200)
        heard = {place: len(talk.last(listener=member)) for place, member in members.items()}
        for member in members.values():
            member.close()
        return [sum(heard.values()), sorted(place for place, count in heard.items() if count)]


def queue_weights(mesh, here, there):
    """One member here, four there: which share stays here."""
    with Talk(mesh, here, there) as talk:
        home = mesh.peer(here)
        home.send(f"SUB {talk.name} g 1\r\n")
        home.fence()
        talk.listener.send("".join(f"SUB {talk.name} g {sid}\r\n" for sid in range(4)))
        talk.settle()
        talk.speaker.send(f"PUB {talk.name} 1\r\nx\r\n" * 1200)
        away = len(talk.last())
        near = len(talk.until(home, lambda heard: len(heard) + away >= 1200))
        home.close()
        return [near + away, round(near / 1200, 1)]


def private_stream(mesh, here, there):
    """By an import that has to show an activation."""
    return stream(mesh, here, there, "hidden.str", "imp.hidden")


def private_service(mesh, here, there):
    return request(mesh, here, there, "my.hidden", "hidden.svc", "a", "b")


def pushed(mesh, here, there):
    """An account's new JWT is pushed here: who takes it, and whether its import is in force there."""
    if "leaf" in (here, there):
        return "apart"
    name = mesh.fresh()
    jwt = mesh.accounts.jwts(True, [("late." + name, "stream", "came." + name, False)])["A"]
    peer = mesh.peer(here, "s")
    account = mesh.accounts.name("A")
    heard = answers_to(mesh, peer, f"$SYS.REQ.ACCOUNT.{account}.CLAIMS.UPDATE", 3, jwt)
    said = sorted((answer["server"]["name"], answer.get("data", answer.get("error", {})).get("code"))
                  for answer in (json.loads(body) for *_, body in heard))
    peer.close()
    with Talk(mesh, here, there, "b", "a") as talk:
        talk.settle(way=("late." + name, "came." + name))
    return said


def plain(subscription, subject, say):
    return lambda mesh, here, there: plainly(mesh, here, there, subscription, subject, say)


STORIES = {
    "plain": plain("{}", "{}", "PUB {} 1\r\nx\r\n"),
    "empty": plain("{}", "{}", "PUB {} 0\r\n\r\n"),
    "one token": plain("{}.*", "{}.x", "PUB {} 1\r\nx\r\n"),
    "all tokens": plain("{}.>", "{}.x.y", "PUB {} 1\r\nx\r\n"),
    "token in between": plain("{}.*.z", "{}.y.z", "PUB {} 1\r\nx\r\n"),
    "not matched": plain("{}.*", "{}.x.y", "PUB {} 1\r\nx\r\n"),
    "reply kept": plain("{}", "{}", "PUB {} some.reply 1\r\nx\r\n"),
    "headers": plain("{}", "{}", "HPUB {} 18 19\r\nNATS/1.0\r\nA: b\r\n\r\nx\r\n"),
    "headers alone": plain("{}", "{}", "HPUB {} re.ply 18 18\r\nNATS/1.0\r\nA: b\r\n\r\n\r\n"),
    "large": plain("{}", "{}", "PUB {} 100000\r\n" + LARGE + "\r\n"),
    "order": order,
    "unsubscribed": unsubscribed,
    "maximum": maximum,
    "request": request,
    "request by wildcard": lambda m, h, t: request(m, h, t, "{}.x", "{}.*"),
    "no responders": no_responders,
    "queue group": queue,
    "queue group at both": shared_queue,
    "service": lambda m, h, t: request(m, h, t, "my.svc", "svc", "a", "b"),
    "stream": stream,
    "another account": stranger,
    "system events": events,
    "all servers": servers,
    "a client refused": refused,
    "connections counted": counted,
    "account services": account_services,
    "account statistics": account_statistics,
    "user info": user_info,
    "drained": drained,
    "queue group drained": queue_drained,
    "queue group maximum": queue_maximum,
    "reconnected": reconnected,
    "allow": permitted("allowed", "allowed"),
    "allow at the speaker": permitted("allowed", "a"),
    "allow at the listener": permitted("a", "allowed"),
    "deny at the speaker": permitted("denied", "a"),
    "deny at the listener": permitted("a", "denied"),
    "denied by a leaf node": leaf_denies,
    "allowed response": allowed_response,
    "queue group everywhere": queue_everywhere,
    "queue group by weight": queue_weights,
    "private stream": private_stream,
    "private service": private_service,
    "pushed account": pushed,
}

# Of an operator's accounts only.
SIGNED = {"private stream", "private service", "pushed account"}
# Told once from each place.
ALONE = {"no responders", "all servers", "account services", "account statistics", "user info",
         "queue group everywhere"}
