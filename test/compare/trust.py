"""An operator, accounts and users for comparisons: nkeys and JWTs, made without any code of ours.

ed25519 is libsodium's, by ctypes: the package that the broker needs anyway.
"""
import base64
import ctypes
import ctypes.util
import json
import os
import time

KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}
UNLIMITED = {"subs": -1, "data": -1, "payload": -1}

_sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")
_sodium.sodium_init()


def _check(data):
    """CRC-16/XMODEM, little endian."""
    crc = 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021) & 0xFFFF if crc & 0x8000 else crc << 1
    return crc.to_bytes(2, "little")


def _base32(data):
    return base64.b32encode(data + _check(data)).decode().rstrip("=")


def _base64(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Key:
    """`name`: the public key as text; `seed`: the secret one."""

    def __init__(self, kind):
        prefix = KINDS[kind]
        seed = os.urandom(32)
        public = ctypes.create_string_buffer(32)
        self._secret = ctypes.create_string_buffer(64)
        _sodium.crypto_sign_seed_keypair(public, self._secret, seed)
        self.name = _base32(bytes([prefix]) + public.raw)
        self.seed = _base32(bytes([0x90 | prefix >> 5, (prefix & 31) << 3]) + seed)

    def sign(self, text):
        out = ctypes.create_string_buffer(64)
        data = text.encode()
        _sodium.crypto_sign_detached(out, None, data, ctypes.c_ulonglong(len(data)), self._secret)
        return _base64(out.raw)


def token(by, subject, name, nats, issued=None):
    """A JWT of version 2. `issued`: Unix seconds; of two the newer one counts."""
    claims = {"iat": issued or int(time.time()), "iss": by.name, "jti": _base32(os.urandom(20)),
              "name": name, "sub": subject, "nats": dict(nats, version=2)}
    text = ".".join(_base64(json.dumps(part, separators=(",", ":")).encode())
                    for part in ({"typ": "JWT", "alg": "ed25519-nkey"}, claims))
    return f"{text}.{by.sign(text)}"


class Account:
    def __init__(self, name):
        self.name = name
        self.key = Key("account")
        self.id = self.key.name

    def user(self, name, **rights):
        """Its JWT and key. `rights`: pub, sub, resp as in the claims."""
        key = Key("user")
        return token(self.key, key.name, name, {"type": "user", **UNLIMITED, **rights}), key

    def activation(self, importer, subject, kind):
        """Lets `importer` have a private export."""
        return token(self.key, importer.id, subject,
                     {"type": "activation", "subject": subject, "kind": kind})


class Operator:
    def __init__(self, system):
        self.key = Key("operator")
        self.jwt = token(self.key, self.key.name, "O", {"type": "operator", "system_account": system.id})
        self.issued = int(time.time())

    def account(self, account, **shares):
        """Its JWT, newer than all before. `shares`: imports, exports."""
        self.issued += 1
        limits = {**UNLIMITED, "conn": -1, "leaf": -1, "imports": -1, "exports": -1, "wildcards": True}
        return token(self.key, account.id, account.name, {"type": "account", "limits": limits, **shares},
                     self.issued - 1000)


def credentials(jwt, key):
    return ("-----BEGIN NATS USER JWT-----\n" + jwt + "\n------END NATS USER JWT------\n\n"
            "-----BEGIN USER NKEY SEED-----\n" + key.seed + "\n------END USER NKEY SEED------\n")
