"""Forges on loopback: the part of GitHub's and GitLab's REST interfaces that is used, as strict as the real ones.

They know one project, check method, path, headers and the shape of bodies, keep change requests, and misbehave when
told so. Written from https://docs.github.com/rest/pulls/pulls and https://docs.gitlab.com/api/merge_requests/.
"""

from __future__ import annotations

import http.server
import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TOKEN = "forge-token-canary-4711"  # noqa: S105 - of nobody
BODY_LIMIT = 65_536


@dataclass
class Fault:
    """What happens to the next request of a method: an answer in place of the right one, or none at all.

    `done` says whether the request is carried out all the same. `slow_s` delays the answer; `cut` closes the connection
    after so many bytes of it.
    """

    method: str
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"message": "no"}'
    done: bool = False
    slow_s: float = 0.0
    cut: int | None = None
    times: int = 1


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


Said = tuple[int, Any]
"""Status and JSON of an answer."""


@dataclass
class ForgeServer:
    """What the forges have in common: `requests` are the change requests by number, `seen` what was asked."""

    project: str = "platform/mesh"
    token: str = TOKEN
    page: int = 100
    origin: str = ""
    requests: dict[int, dict[str, Any]] = field(default_factory=dict)
    seen: list[Request] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The project's address in a browser."""
        return f"{self.origin}/{self.project}"

    def open_ones(self) -> list[dict[str, Any]]:
        return [one for one in self.requests.values() if one["state"] in {"open", "opened"}]

    def answer(self, request: Request) -> Said:
        raise NotImplementedError

    def make(self, *, title: str, head: str, base: str, body: str, home: str = "") -> dict[str, Any]:
        """Open a change request, by default from the project itself."""
        raise NotImplementedError

    def fault(self, method: str) -> Fault | None:
        for fault in self.faults:
            if fault.method == method and fault.times:
                fault.times -= 1
                return fault
        return None

    def _paged(self, found: list[dict[str, Any]], query: Mapping[str, str]) -> list[dict[str, Any]]:
        size, page = min(int(query.get("per_page", "30")), self.page), int(query.get("page", "1"))
        return found[(page - 1) * size : page * size]


class GitHubServer(ForgeServer):
    api = "/api/v3"

    def answer(self, request: Request) -> Said:  # noqa: PLR0911 - one for each reason
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"message": "Bad credentials", "documentation_url": "https://docs.github.com/rest"}
        if not request.headers.get("user-agent") or request.headers.get("accept") != "application/vnd.github+json":
            return 400, {"message": "a User-Agent and an Accept header, please"}
        if request.headers.get("x-github-api-version") != "2022-11-28":
            return 400, {"message": "which version?"}
        found = re.fullmatch(rf"{self.api}/repos/{re.escape(self.project)}/pulls(?:/(\d+))?", request.path)
        if found is None:
            return 404, {"message": "Not Found"}
        if found[1] is None:
            acting: dict[str, Callable[[Request], Said]] = {"GET": self._list, "POST": self._create}
            return acting[request.method](request) if request.method in acting else (404, {"message": "Not Found"})
        if request.method != "PATCH" or int(found[1]) not in self.requests:
            return 404, {"message": "Not Found"}
        return self._patch(self.requests[int(found[1])], request.body)

    def _list(self, request: Request) -> Said:
        query = request.query
        wanted = [one for one in self.requests.values() if one["state"] == query.get("state", "open")]
        if "base" in query:
            wanted = [one for one in wanted if one["base"]["ref"] == query["base"]]
        # The real one ignores a head that is not OWNER:BRANCH.
        if ":" in query.get("head", ""):
            wanted = [one for one in wanted if one["head"]["label"] == query["head"]]
        return 200, self._paged(wanted, query)

    def _create(self, request: Request) -> Said:
        body = request.body
        if not isinstance(body, dict) or set(body) != {"title", "head", "base", "body"} or not body["title"]:
            return 422, {"message": "Invalid request."}
        if len(body["body"].encode()) > BODY_LIMIT:
            return 422, {"message": "Validation Failed", "errors": [{"message": "body is too long"}]}
        label = f"{self.project.partition('/')[0]}:{body['head']}"
        own = [one for one in self.open_ones() if one["head"]["repo"]["full_name"] == self.project]
        if any((one["head"]["ref"], one["base"]["ref"]) == (body["head"], body["base"]) for one in own):
            reason = {"resource": "PullRequest", "message": f"A pull request already exists for {label}."}
            return 422, {"message": "Validation Failed", "errors": [reason]}
        return 201, self.make(**body)

    def make(self, *, title: str, head: str, base: str, body: str, home: str = "") -> dict[str, Any]:
        number = len(self.requests) + 1
        home = home or self.project
        self.requests[number] = {
            "number": number,
            "html_url": f"{self.url}/pull/{number}",
            "state": "open",
            "title": title,
            "body": body,
            "head": {"ref": head, "label": f"{home.partition('/')[0]}:{head}", "repo": {"full_name": home}},
            "base": {"ref": base, "repo": {"full_name": self.project}},
        }
        return self.requests[number]

    def _patch(self, there: dict[str, Any], body: Any) -> Said:
        if not isinstance(body, dict) or not set(body) <= {"title", "body", "state", "base"}:
            return 422, {"message": "Invalid request."}
        if body.get("state", "open") not in {"open", "closed"} or len(body.get("body", "").encode()) > BODY_LIMIT:
            return 422, {"message": "Validation Failed"}
        there.update(body)
        return 200, there


class GitLabServer(ForgeServer):
    api = "/api/v4"

    def answer(self, request: Request) -> Said:  # noqa: PLR0911 - one for each reason
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return 401, {"message": "401 Unauthorized"}
        # The project's path is one segment, with its slashes escaped.
        start, _, rest = request.path.removeprefix(f"{self.api}/projects/").partition("/")
        if not request.path.startswith(f"{self.api}/projects/") or "/" in start or unquote(start) != self.project:
            return 404, {"message": "404 Project Not Found"}
        kind, _, number = rest.partition("/")
        if kind != "merge_requests":
            return 404, {"error": "404 Not Found"}
        if request.body is not None and request.headers.get("content-type") != "application/json":
            return 415, {"error": "The provided content-type is not supported."}
        if not number:
            acting: dict[str, Callable[[Request], Said]] = {"GET": self._list, "POST": self._create}
            return acting[request.method](request) if request.method in acting else (405, {"error": "405"})
        if request.method != "PUT" or not number.isdecimal() or int(number) not in self.requests:
            return 404, {"message": "404 Not found"}
        return self._change(self.requests[int(number)], request.body)

    def _list(self, request: Request) -> Said:
        wanted = list(self.requests.values())
        for name in ("state", "source_branch", "target_branch"):
            if name in request.query:
                wanted = [one for one in wanted if one[name] == request.query[name]]
        return 200, self._paged(wanted, request.query)

    def _create(self, request: Request) -> Said:
        body = request.body
        wanted = {"source_branch", "target_branch", "title", "description", "remove_source_branch"}
        if not isinstance(body, dict) or set(body) != wanted:
            return 400, {"error": "title is missing, source_branch is missing, target_branch is missing"}
        for one in (one for one in self.open_ones() if one["source_project_id"] == 1):
            if (one["source_branch"], one["target_branch"]) == (body["source_branch"], body["target_branch"]):
                return 409, {
                    "message": [f"Another open merge request already exists for this source branch: !{one['iid']}"]
                }
        return 201, self.make(
            title=body["title"], head=body["source_branch"], base=body["target_branch"], body=body["description"]
        )

    def make(self, *, title: str, head: str, base: str, body: str, home: str = "") -> dict[str, Any]:
        number = len(self.requests) + 1
        self.requests[number] = {
            "id": 7_000 + number,
            "iid": number,
            "web_url": f"{self.url}/-/merge_requests/{number}",
            "state": "opened",
            "title": title,
            "description": body,
            "source_branch": head,
            "target_branch": base,
            "source_project_id": 2 if home else 1,
            "target_project_id": 1,
        }
        return self.requests[number]

    def _change(self, there: dict[str, Any], body: Any) -> Said:
        if not isinstance(body, dict) or not body or not set(body) <= {"title", "description", "state_event"}:
            return 400, {"error": "title, description, state_event are missing"}
        if "state_event" in body and body["state_event"] not in {"close", "reopen"}:
            return 400, {"error": "state_event does not have a valid value"}
        there.update({key: value for key, value in body.items() if key != "state_event"})
        if "state_event" in body:
            there["state"] = {"close": "closed", "reopen": "opened"}[body["state_event"]]
        return 200, there


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    forge: ForgeServer

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is given
        pass

    def _body(self) -> bytes:
        # gh sends what it reads from standard input in chunks.
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _serve(self) -> None:
        sent = self._body()
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        request = Request(self.command, parts.path, query, headers, json.loads(sent) if sent else None)
        self.forge.seen.append(request)
        fault = self.forge.fault(self.command) or Fault(self.command, done=True)
        status, value = self.forge.answer(request) if fault.done else (fault.status, None)
        content = json.dumps(value).encode() if fault.status == 0 else fault.body
        status = fault.status or status or 200
        time.sleep(fault.slow_s)
        lines = [f"HTTP/1.1 {status} said", "Content-Type: application/json", f"Content-Length: {len(content)}"]
        lines += [f"{name}: {text}" for name, text in fault.headers.items()]
        whole = "\r\n".join([*lines, "", ""]).encode() + content
        if fault.cut is not None:
            whole = whole[: fault.cut]
            self.close_connection = True
        self.wfile.write(whole)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 - the names are given


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent: a client that hangs up is part of the tests."""


@contextmanager
def serving(forge: ForgeServer) -> Iterator[ForgeServer]:
    """Serve a forge on loopback, by plain http."""
    handler = type("Handler", (_Handler,), {"forge": forge})
    server = _Server(("127.0.0.1", 0), handler)
    forge.origin = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
