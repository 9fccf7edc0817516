"""Stands in for `gh` and `glab`: `api` as they do it, against a forge on loopback. It writes down how it was called.

Started as `standin.py PROGRAM ORIGIN LOG ARGUMENTS...`. What it prints is what the real programs print with --include.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

PREFIXES = {"gh": "/api/v3/", "glab": "/api/v4/"}
TOKENS = {"gh": ("GH_TOKEN", "GH_ENTERPRISE_TOKEN"), "glab": ("GITLAB_TOKEN",)}
LOGIN = {
    "gh": "To get started with GitHub CLI, please run:  gh auth login\n",
    "glab": "glab: 401: run glab auth login\n",
}


def main() -> int:
    program, origin, log, *arguments = sys.argv[1:]
    with Path(log).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"argv": [program, *arguments], "env": sorted(os.environ), "cwd": os.listdir()}) + "\n")  # noqa: PTH208
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["api"])
    parser.add_argument("--hostname", required=True)
    parser.add_argument("--include", action="store_true", required=True)
    parser.add_argument("--method", required=True)
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--input")
    parser.add_argument("endpoint")
    said = parser.parse_args(arguments)
    token = next((os.environ[name] for name in TOKENS[program] if os.environ.get(name)), "")
    if not token:
        sys.stderr.write(LOGIN[program])
        return 4
    headers = dict(line.split(": ", 1) for line in said.header)
    headers |= {"Authorization": f"Bearer {token}", "User-Agent": program}
    request = urllib.request.Request(  # noqa: S310 - a loopback address
        f"{origin}{PREFIXES[program]}{said.endpoint}",
        data=sys.stdin.buffer.read() if said.input == "-" else None,
        headers=headers,
        method=said.method,
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310 - a loopback address
            status, answered, body = response.status, response.headers, response.read()
    except urllib.error.HTTPError as error:
        status, answered, body = error.code, error.headers, error.read()
    except OSError as error:
        sys.stderr.write(f"error connecting to {said.hostname}\n{error}\n")
        return 1
    head = "".join(f"{name}: {text}\r\n" for name, text in sorted(answered.items()))
    sys.stdout.buffer.write(f"HTTP/1.1 {status} said\n{head}\r\n".encode() + body)
    if status > 299:
        sys.stderr.write(f"{program}: HTTP {status}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
