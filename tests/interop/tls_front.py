# SPDX-License-Identifier: Apache-2.0
"""TLS in front of a plain HTTP server on loopback: a byte pump, since the official client knows the Hub by https."""
import asyncio
import os
import ssl
import subprocess
import threading


def make_certificate(directory):
    """A self-signed certificate for 127.0.0.1: paths of certificate and key."""
    certificate, key = os.path.join(directory, "cert.pem"), os.path.join(directory, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


async def pump(reader, writer):
    try:
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


class TlsFront:
    """Listens at once, at `url`; forwards to what forward_to() names later."""

    def __init__(self, certificate, key):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.backend = None
        self.loop = asyncio.new_event_loop()
        self.server = self.loop.run_until_complete(asyncio.start_server(self.on_client, "127.0.0.1", 0, ssl=self.context))
        self.url = "https://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def forward_to(self, address):
        host, port = address.split(":")
        self.backend = (host, int(port))

    async def on_client(self, reader, writer):
        try:
            back_reader, back_writer = await asyncio.open_connection(*self.backend)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, back_writer), pump(back_reader, writer))
