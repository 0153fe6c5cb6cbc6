# SPDX-License-Identifier: ISC
# Certificates for one test session: an authority, a server's certificate, a
# client's, one that nobody signed, one that is out of date.
import os
import ssl
import subprocess


def openssl(*args, input=None):
    subprocess.run(("openssl",) + args, check=True, input=input,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


class Certs:
    def __init__(self, where):
        self.where = where
        os.makedirs(where, exist_ok=True)
        os.chmod(where, 0o755)
        self.authority("ca")
        self.authority("other-ca")
        self.signed("server", "ca", "localhost",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1")
        self.signed("wrong-name", "ca", "elsewhere.example",
                    "subjectAltName=DNS:elsewhere.example")
        self.signed("client", "ca", "tlsuser")
        self.signed("foreign", "other-ca", "tlsuser")
        self.signed("expired", "ca", "localhost", days="-1")

    def path(self, name):
        return os.path.join(self.where, name)

    def crt(self, name):
        return self.path(name + ".crt")

    def key(self, name):
        return self.path(name + ".key")

    def new_key(self, name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout",
                "-out", self.key(name))
        os.chmod(self.key(name), 0o644)

    def authority(self, name):
        self.new_key(name)
        openssl("req", "-x509", "-new", "-key", self.key(name), "-days",
                "30", "-subj", "/CN=weir test " + name, "-out",
                self.crt(name))

    def signed(self, name, by, common, extension="", days="30"):
        self.new_key(name)
        request = self.path(name + ".csr")
        openssl("req", "-new", "-key", self.key(name), "-subj",
                "/CN=" + common, "-out", request)
        with open(self.path(name + ".ext"), "w") as out:
            out.write(extension + "\n")
        openssl("x509", "-req", "-in", request, "-CA", self.crt(by),
                "-CAkey", self.key(by), "-CAcreateserial", "-days", days,
                "-extfile", self.path(name + ".ext"), "-out",
                self.crt(name))

    def owned_key(self, name, where, uid, gid):
        """A copy of a key that only its owner may read."""
        with open(self.key(name)) as src, open(where, "w") as out:
            out.write(src.read())
        os.chmod(where, 0o600)
        if os.geteuid() == 0:
            os.chown(where, uid, gid)
        return where

    def client_context(self, cert=None, verify=None, alpn=None):
        """What a client needs to begin TLS."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        if verify:
            context.load_verify_locations(self.crt(verify))
            context.verify_mode = ssl.CERT_REQUIRED
        if cert:
            context.load_cert_chain(self.crt(cert), self.key(cert))
        if alpn:
            context.set_alpn_protocols(alpn)
        return context

    def server_context(self, cert="server"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.crt(cert), self.key(cert))
        return context
