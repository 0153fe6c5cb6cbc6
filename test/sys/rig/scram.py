# SPDX-License-Identifier: ISC
# SCRAM-SHA-256, both sides, with every message open to tampering.
import base64
import hashlib
import hmac
import os


def b64(data):
    return base64.b64encode(data).decode()


def keys(password, salt, rounds):
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    client = hmac.digest(salted, b"Client Key", "sha256")
    server = hmac.digest(salted, b"Server Key", "sha256")
    return client, hashlib.sha256(client).digest(), server


def secret(password, salt=None, rounds=4096):
    """The secret as pg_authid and auth_file hold it."""
    salt = salt or os.urandom(16)
    _, stored, server = keys(password, salt, rounds)
    return "SCRAM-SHA-256$%d:%s$%s:%s" % (rounds, b64(salt), b64(stored),
                                          b64(server))


def md5(user, password):
    return "md5" + hashlib.md5((password + user).encode()).hexdigest()


def md5_answer(user, password, salt):
    inner = md5(user, password)[3:]
    return "md5" + hashlib.md5(inner.encode() + salt).hexdigest()


def fields(text):
    """r=...,s=...,i=... as a dict; what is not name=value is left out."""
    return dict(f.split("=", 1) for f in text.split(",") if "=" in f)


class Client:
    """One login. The parts are attributes so that a test can bend them."""

    def __init__(self, password, user="", nonce=None, gs2="n,,"):
        self.password, self.gs2 = password, gs2
        self.nonce = nonce or b64(os.urandom(18))
        self.bare = "n=%s,r=%s" % (user, self.nonce)

    def first(self):
        return (self.gs2 + self.bare).encode()

    def final(self, server_first):
        text = server_first.decode()
        got = fields(text)
        client, stored, server = keys(self.password,
                                      base64.b64decode(got["s"]),
                                      int(got["i"]))
        without = "c=%s,r=%s" % (b64(self.gs2.encode()), got["r"])
        auth = ",".join((self.bare, text, without)).encode()
        proof = bytes(a ^ b for a, b in
                      zip(client, hmac.digest(stored, auth, "sha256")))
        self.verifier = b"v=" + b64(hmac.digest(server, auth,
                                                "sha256")).encode()
        return ("%s,p=%s" % (without, b64(proof))).encode()


class Server:
    """The other side, for the scripted server."""

    def __init__(self, password, salt=b"salt of 16 bytes", rounds=4096):
        self.salt, self.rounds = salt, rounds
        self.bare = self.text = ""
        self.client, self.stored, self.server = keys(password, salt, rounds)

    def first(self, client_first, more=None):
        text = client_first.decode()
        self.gs2 = text[:text.index(",", text.index(",") + 1) + 1]
        self.bare = text[len(self.gs2):]
        nonce = fields(self.bare)["r"] + (more or b64(os.urandom(18)))
        self.text = "r=%s,s=%s,i=%d" % (nonce, b64(self.salt), self.rounds)
        return self.text.encode()

    def final(self, client_final):
        """The verifier, or None when the proof is wrong."""
        if b",p=" not in client_final:
            return None
        without, proof = client_final.decode().rsplit(",p=", 1)
        auth = ",".join((self.bare, self.text, without)).encode()
        signed = hmac.digest(self.stored, auth, "sha256")
        key = bytes(a ^ b for a, b in zip(base64.b64decode(proof), signed))
        if hashlib.sha256(key).digest() != self.stored:
            return None
        return b"v=" + b64(hmac.digest(self.server, auth, "sha256")).encode()
