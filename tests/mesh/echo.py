"""The application in every pod: whatever it is asked, it answers with its own cluster, namespace, pod and port.

    echo.py SLOT/NAMESPACE/POD PORT/WHAT...

WHAT is `http` (HTTP/1.1, HTTP/2 and gRPC in clear text), `tls` (the same behind a certificate of its own, from
ECHO_CERTIFICATE and ECHO_KEY) or `tcp` (one line as soon as the client has sent one). A request of HTTP/1.1 with the
header `x-trial`, or a line, may ask for a trial first (trials.py): `fail/TIMES/SECONDS/ID`, `wait/…` or `crowd/…`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import socketserver
import ssl
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import h2.config
import h2.connection
import h2.events

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFACE = b"PRI "

_counting = threading.Lock()
_tries: Counter[str] = Counter()
_here: Counter[str] = Counter()
_most: Counter[str] = Counter()


def answer(port: int, spoke: str, peer: str = "", more: Mapping[str, int] | None = None) -> bytes:
    """Return what the pod says: who it is, on which port it was asked, and who asked as the mesh says."""
    slot, namespace, pod = sys.argv[1].split("/")
    said = {"slot": int(slot), "namespace": namespace, "pod": pod, "port": port, "spoke": spoke, "peer": peer}
    return json.dumps({**said, **(more or {})}).encode() + b"\n"


def tried(trial: str) -> tuple[bool, dict[str, int]]:
    """Do what a trial asks for. Tells whether it succeeds, and which try it was and how many were here at once."""
    does, times, seconds, name = trial.split("/")
    with _counting:
        _tries[name] += 1
        _here[name] += 1
        attempt = _tries[name]
        _most[name] = max(_most[name], _here[name])
    if does == "crowd" or (does == "wait" and attempt <= int(times)):
        time.sleep(float(seconds))
    with _counting:
        _here[name] -= 1
        return does != "fail" or attempt > int(times), {"attempt": attempt, "at_once": _most[name]}


def peer_of(headers: dict[str, str]) -> str:
    """Return the identity of the client, which the sidecar passes on where it came by mesh TLS.

    The sidecar's own word stands last, behind what a gateway says of the client outside.
    """
    *_, forwarded = headers.get("x-forwarded-client-cert", "").split(",")
    return next((part[4:] for part in forwarded.split(";") if part.startswith("URI=")), "")


def serve_http2(connection: socket.socket, port: int) -> None:
    """Answer every request of an HTTP/2 connection; one for gRPC as gRPC does, with its status behind the body."""
    http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    http2.initiate_connection()
    connection.sendall(http2.data_to_send())
    asked: dict[int, dict[str, str]] = {}
    while data := connection.recv(65535):
        for event in http2.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                asked[event.stream_id] = {str(name): str(value) for name, value in event.headers}
            elif isinstance(event, h2.events.DataReceived):
                http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            elif isinstance(event, h2.events.StreamEnded):
                _answer_stream(http2, event.stream_id, asked.pop(event.stream_id), port)
        connection.sendall(http2.data_to_send())


def _answer_stream(http2: h2.connection.H2Connection, stream: int, headers: dict[str, str], port: int) -> None:
    grpc = headers.get("content-type", "").startswith("application/grpc")
    body = answer(port, "grpc" if grpc else "h2", peer_of(headers))
    if not grpc:
        http2.send_headers(stream, [(":status", "200"), ("content-type", "application/json")])
        http2.send_data(stream, body, end_stream=True)
        return
    http2.send_headers(stream, [(":status", "200"), ("content-type", "application/grpc")])
    http2.send_data(stream, b"\0" + len(body).to_bytes(4, "big") + body)
    http2.send_headers(stream, [("grpc-status", "0")], end_stream=True)


def http_handler(port: int) -> type[BaseHTTPRequestHandler]:
    """Make the handler of a port that speaks HTTP."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle(self) -> None:
            with contextlib.suppress(OSError, ssl.SSLError):
                if isinstance(self.connection, ssl.SSLSocket):
                    self.connection.do_handshake()
                    if self.connection.selected_alpn_protocol() == "h2":
                        serve_http2(self.connection, port)
                        return
                elif self.connection.recv(4, socket.MSG_PEEK) == PREFACE:
                    serve_http2(self.connection, port)
                    return
                super().handle()

        def do_GET(self) -> None:
            spoke = "tls" if isinstance(self.connection, ssl.SSLSocket) else "http"
            headers = {name.lower(): value for name, value in self.headers.items()}
            succeeds, more = tried(headers["x-trial"]) if "x-trial" in headers else (True, {})
            body = answer(port, spoke, peer_of(headers), more)
            self.send_response(200 if succeeds else 503)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("content-length") or 0))
            self.close_connection = True
            self.do_GET()

        def log_message(self, *_arguments: Any) -> None:
            return

    return Handler


def tcp_handler(port: int) -> type[socketserver.StreamRequestHandler]:
    """Make the handler of a port that takes a line and gives one."""

    class Handler(socketserver.StreamRequestHandler):
        timeout = 20

        def handle(self) -> None:
            with contextlib.suppress(OSError):
                if line := self.rfile.readline(1000).decode(errors="replace").strip():
                    more = tried(line)[1] if line.count("/") == 3 else {}
                    self.wfile.write(answer(port, "tcp", more=more))

    return Handler


class Lines(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def server(port: int, what: str) -> socketserver.BaseServer:
    """Listen on a port."""
    if what == "tcp":
        return Lines(("0.0.0.0", port), tcp_handler(port))  # noqa: S104 - a pod listens on its own address
    listening = ThreadingHTTPServer(("0.0.0.0", port), http_handler(port))  # noqa: S104
    listening.daemon_threads = True
    if what == "tls":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.environ["ECHO_CERTIFICATE"], os.environ["ECHO_KEY"])
        context.set_alpn_protocols(["h2", "http/1.1"])
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    return listening


def main() -> None:
    servers = [server(int(port), what) for port, _, what in (spec.partition("/") for spec in sys.argv[2:])]
    threads = [threading.Thread(target=one.serve_forever) for one in servers]
    for thread in threads:
        thread.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
