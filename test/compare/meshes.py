"""Plays the same list of stories (mesh_stories.py) to super clusters (mesh_site.py) of different servers and
compares who heard what. In the first mesh all are the real server; then all are ours; then each place alone is
the one or the other. See README.md.
"""
import argparse
import itertools
import subprocess
import sys
import tempfile

from mesh_site import PLACES, FileAccounts, Mesh, OperatorAccounts, make_certificates
from mesh_stories import ALONE, SIGNED, STORIES


def release(binary):
    return subprocess.run([binary, "--version"], capture_output=True, text=True, check=True).stdout


def play(binaries, args, folder, only):
    accounts = OperatorAccounts(args.operator == "full") if args.operator else FileAccounts()
    mesh = Mesh(binaries, folder, args.tls, accounts)
    out = {}
    try:
        for name, tell in STORIES.items():
            if (only and not any(each in name for each in only)) or (name in SIGNED and not args.operator):
                continue
            for here, there in itertools.permutations(PLACES, 2):
                if name in ALONE and there != next(each for each in PLACES if each != here):
                    continue
                try:
                    out[f"{name}, {here} to {there}"] = tell(mesh, here, there)
                except (OSError, RuntimeError, KeyError, ValueError) as problem:
                    out[f"{name}, {here} to {there}"] = f"{type(problem).__name__}: {problem}"
    finally:
        mesh.stop()
    return out


def meshes(ours, theirs):
    yield "all ours", dict.fromkeys(PLACES, ours)
    for place in PLACES:
        yield f"ours as {place}", {each: ours if each == place else theirs for each in PLACES}
        yield f"theirs as {place}", {each: theirs if each == place else ours for each in PLACES}


# What is known to differ, with the reason: by story, for the places that are ours, the way and whether
# the real server is of 2.9. None: it may.
KNOWN = {
    # 2.9 says nothing of an account that has leaf nodes alone; we do, as 2.15.
    "account statistics": lambda ours, way, old: old and any(
        place in ours and not way.startswith(place) for place in ("hub", "leaf")),
    # 2.9 takes a leaf node behind another member for as near as a client here; 2.15 does not.
    "queue group at both": lambda ours, way, old: old and "member" in ours
                           and way == "member to leaf",
    "queue group by weight": lambda ours, way, old: old and "member" in ours and way == "member to leaf",
    # 2.9 has no such service.
    "user info": lambda ours, way, old: old and way.split(" to ")[0] in ours,
    # What a leaf node may not hear it may say; at 2.9 neither, once it has run for a while.
    "denied by a leaf node": lambda ours, way, old: None if old and way.startswith("leaf") else False,
}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--ours", required=True)
    args.add_argument("--theirs", required=True)
    args.add_argument("--mesh", help="only those whose names have it")
    args.add_argument("--only", help="only stories whose names have one of these, between commas")
    args.add_argument("--tls", action="store_true", help="on every link")
    args.add_argument("--operator", nargs="?", const="memory", choices=["memory", "full"],
                      help="accounts are JWTs, from a list in the file or from a folder")
    args = args.parse_args()
    only = args.only.split(",") if args.only else None
    wrong = 0
    old = "v2.9." in release(args.theirs)
    with tempfile.TemporaryDirectory(prefix="troupe-compare-") as folder:
        if args.tls:
            make_certificates(folder)
        right = play(dict.fromkeys(PLACES, args.theirs), args, folder, only)
        for name, binaries in meshes(args.ours, args.theirs):
            if args.mesh and args.mesh not in name:
                continue
            got = play(binaries, args, folder, only)
            places = [place for place, b in binaries.items() if b == args.ours]
            for story, expected in right.items():
                what, way = story.split(", ")
                known = KNOWN.get(what, lambda *_: False)(places, way, old)
                if known is not None and (got[story] == expected) == known:
                    wrong += 1
                    print(f"{name}: {story}: {got[story]} instead of {expected}"
                          + (" (it is listed as a difference)" if known else ""))
            print(f"{name}: {len(right)} stories", flush=True)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
