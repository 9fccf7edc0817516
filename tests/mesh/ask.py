"""The clients: asks what it reads as JSON from standard input, and writes who answered.

It runs in the network namespace of whoever asks. Each question is `{kind, host, port, address, number, certificate}`:
`host` and `port` are what the client believes to dial; `address` and `number`, where given, are where it really
connects, as after a name's look-up and a load balancer; `certificate` is what it shows, a path without `.crt` and
`.key`; `authority` is whom it believes about servers, and then their certificate has to be for the host. Kinds: `http`,
`https`, `grpc`, `grpcs`, `tls`, `tcp`, and `reuse`: one HTTP/2 connection, opened for the first of `hosts`, over which
all of them are asked. `trial` is what the pod is to do before it answers (trials.py).

    ask.py [AT ONCE]
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import sys
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

import h2.config
import h2.connection
import h2.events

Question: TypeAlias = "dict[str, Any]"
Answer: TypeAlias = "dict[str, Any]"
"""What the pod said of itself, or `{"error": why}`."""

TIMEOUT_S = 6.0


def ask(question: Question) -> Answer:
    """Ask once, or as many times at once as the trial says: then the answer has the most that the pod had at a time."""
    trial = question.get("trial")
    if trial is None:
        return _ask(question, "")
    said = f"{trial['does']}/{trial['times']}/{trial['seconds']}/{uuid.uuid4()}"
    if trial["does"] != "crowd":
        return _ask(question, said)
    with ThreadPoolExecutor(trial["times"]) as pool:
        answers = list(pool.map(lambda _: _ask(question, said), range(trial["times"])))
    return max(answers, key=lambda answer: int(answer.get("at_once", 0)))


def _ask(question: Question, trial: str) -> Answer:
    try:
        with _connected(question) as plain:
            return _line(plain, trial) if question["kind"] == "tcp" else _spoken(plain, question, trial)
    except socket.gaierror as error:
        return {"error": "no answer about the name" if error.errno == socket.EAI_AGAIN else "no such name"}
    except TimeoutError:
        return {"error": "no answer"}
    except ssl.SSLCertVerificationError as error:
        return {"error": f"not its certificate: {error.verify_message}"}
    except (OSError, EOFError, http.client.HTTPException) as error:
        return {"error": f"closed: {type(error).__name__}"}


def _spoken(plain: socket.socket, question: Question, trial: str) -> Answer:
    kind = question["kind"]
    tls, http2 = kind in {"https", "grpcs", "tls", "reuse"}, kind in {"grpc", "grpcs", "reuse"}
    channel = _tls(plain, question, ["h2"] if http2 else ["http/1.1"]) if tls else plain
    if not http2:
        return _shown(channel, _http(channel, question, trial))
    hosts = question["hosts"] if kind == "reuse" else [question["host"]]
    answers = [_shown(channel, answer) for answer in _over_one(channel, {**question, "hosts": hosts})]
    return {"answers": answers} if kind == "reuse" else answers[0]


def _connected(question: Question) -> socket.socket:
    where = (question.get("address") or question["host"], question.get("number") or question["port"])
    return socket.create_connection(where, TIMEOUT_S)


def _tls(plain: socket.socket, question: Question, protocols: list[str]) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if believed := question.get("authority"):
        context.load_verify_locations(believed)
    else:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(protocols)
    if shown := question.get("certificate"):
        context.load_cert_chain(f"{shown}.crt", f"{shown}.key")
    return context.wrap_socket(plain, server_hostname=question["host"])


def _shown(channel: socket.socket, answer: Answer) -> Answer:
    """Say whose certificate the server showed, where it was held against an authority."""
    shown = (channel.getpeercert() or {}) if isinstance(channel, ssl.SSLSocket) else {}
    names: Any = shown.get("subject", ())
    subject = dict(pair for part in names for pair in part)
    return {**answer, "certificate": subject["commonName"]} if subject else answer


def _line(connection: socket.socket, trial: str) -> Answer:
    connection.sendall(f"{trial or 'who are you'}\n".encode())
    return _said(connection.makefile("rb").readline()) or {"error": "closed without a word"}


def _http(connection: socket.socket, question: Question, trial: str) -> Answer:
    authority = question["host"] if question["port"] in {80, 443} else f"{question['host']}:{question['port']}"
    lines = ["GET / HTTP/1.1", f"Host: {authority}", "Connection: close", *([f"x-trial: {trial}"] if trial else [])]
    connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode())
    response = http.client.HTTPResponse(connection, method="GET")
    response.begin()
    body = response.read()
    return _said(body) if response.status == http.client.OK else _status(response.status, body)


def _over_one(connection: socket.socket, question: Question) -> list[Answer]:
    """Ask for several hosts, one after the other, over one HTTP/2 connection."""
    http2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=True, header_encoding="utf-8"))
    http2.initiate_connection()
    return [_stream(connection, http2, host, question) for host in question["hosts"]]


def _stream(connection: socket.socket, http2: h2.connection.H2Connection, host: str, question: Question) -> Answer:
    grpc = question["kind"].startswith("grpc")
    scheme = "https" if isinstance(connection, ssl.SSLSocket) else "http"
    stream = http2.get_next_available_stream_id()
    headers = [(":method", "POST" if grpc else "GET"), (":scheme", scheme), (":path", "/who/Are"), (":authority", host)]
    headers += [("content-type", "application/grpc"), ("te", "trailers")] if grpc else []
    http2.send_headers(stream, headers, end_stream=not grpc)
    if grpc:
        http2.send_data(stream, b"\0\0\0\0\0", end_stream=True)
    connection.sendall(http2.data_to_send())
    body = b""
    seen: dict[str, str] = {}
    while True:
        data = connection.recv(65535)
        if not data:
            raise EOFError
        for event in http2.receive_data(data):
            if isinstance(event, h2.events.ResponseReceived | h2.events.TrailersReceived):
                seen |= {str(name): str(value) for name, value in event.headers}
            elif isinstance(event, h2.events.DataReceived):
                body += event.data
            elif isinstance(event, h2.events.StreamReset):
                return {"error": "stream reset"}
            elif isinstance(event, h2.events.StreamEnded):
                connection.sendall(http2.data_to_send())
                return _of_stream(seen, body, grpc=grpc)
        connection.sendall(http2.data_to_send())


def _of_stream(seen: dict[str, str], body: bytes, *, grpc: bool) -> Answer:
    if seen[":status"] != "200":
        return _status(int(seen[":status"]), body)
    if grpc and seen.get("grpc-status") != "0":
        # a gRPC error is HTTP 200 all the same
        return {"error": f"grpc-status {seen.get('grpc-status')}"}
    return _said(body[5:] if grpc else body)


def _status(status: int, body: bytes) -> Answer:
    said = " ".join(body.decode(errors="replace").split())
    return {"error": f"{status}", "said": said[:200]}


def _said(text: bytes) -> Answer:
    try:
        value: Answer = json.loads(text)
    except ValueError:
        return {"error": "not one of ours", "said": text[:100].decode(errors="replace")} if text else {}
    return value


def main() -> None:
    questions: list[Question] = json.load(sys.stdin)
    with ThreadPoolExecutor(int(sys.argv[1])) as pool:
        json.dump(list(pool.map(ask, questions)), sys.stdout)


if __name__ == "__main__":
    main()
