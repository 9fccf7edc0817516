"""A forge by its REST interface: one connection pool, one token in a header, nothing followed, everything bounded."""

from __future__ import annotations

import json
import ssl
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit
from urllib.request import proxy_bypass_environment  # type: ignore[attr-defined]

import urllib3

from gitops_gen.delivery.forges.protocol import Answer, NoAnswerError
from gitops_gen.delivery.shown import shown
from gitops_gen.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_S = 15.0
"""How long a connection may take to come about."""

LARGEST = 16 * 1024 * 1024
"""Most bytes of one answer."""

# What failed before a request was sent.
_NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.ProxyError,
    urllib3.exceptions.SSLError,
)


class Rest:
    """Requests to `api`, each with the token in its Authorization header and no longer than `timeout_s` seconds."""

    def __init__(
        self, api: str, token: str, *, headers: Mapping[str, str], environment: Mapping[str, str], timeout_s: float
    ) -> None:
        """Prepare; nothing is sent yet. Raises InputError for a token, a proxy or a certificate that will not do."""
        if not token.isascii() or not token.isprintable() or " " in token:
            raise InputError("the forge's token holds a space or a character that no token has")
        self._api = api
        self._token = token
        self._timeout_s = timeout_s
        self._headers = {**headers, "Authorization": f"Bearer {token}", "User-Agent": "gitops-gen"}
        self._pool = _pool(api, environment)

    def safe(self, said: bytes | str) -> str:
        """Return what the forge said, safe to show."""
        return shown(said, (self._token,))

    def send(self, method: str, path: str, query: Mapping[str, str], value: object) -> Answer:
        """Send one request and read its answer."""
        url = f"{self._api}{path}" + (f"?{urlencode(query)}" if query else "")
        content = {} if value is None else {"Content-Type": "application/json"}
        timeout = urllib3.Timeout(connect=min(CONNECT_S, self._timeout_s), read=self._timeout_s)
        end = time.monotonic() + self._timeout_s
        try:
            response = self._pool.request(
                method,
                url,
                body=None if value is None else json.dumps(value).encode(),
                headers={**self._headers, **content},
                timeout=timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
            with response:
                body = b""
                for part in response.stream(65_536):
                    body += part
                    if len(body) > LARGEST or time.monotonic() > end:
                        response.close()
                        raise NoAnswerError("its answer does not end", sent=True)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status, headers, body)
        except urllib3.exceptions.HTTPError as error:
            hopeless = isinstance(error, urllib3.exceptions.SSLError)
            sent = not isinstance(error, _NOT_SENT)
            raise NoAnswerError(self.safe(str(error)), sent=sent, hopeless=hopeless) from error


def _pool(api: str, environment: Mapping[str, str]) -> urllib3.PoolManager:
    """Connect directly or by the proxy that the environment names, trusting the certificates that it names."""
    authorities = environment.get("SSL_CERT_FILE") or environment.get("GIT_SSL_CAINFO") or None
    folder = environment.get("SSL_CERT_DIR") or environment.get("GIT_SSL_CAPATH") or None
    try:
        trusted = ssl.create_default_context(cafile=authorities, capath=folder)
    except (OSError, ssl.SSLError) as error:
        raise InputError(f"the certificates in {authorities or folder} cannot be read: {error.strerror}") from error
    host = urlsplit(api).hostname or ""
    proxy = next((found for name in _PROXIES if (found := environment.get(name))), "")
    excepted = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if not proxy or api.startswith("http:") or proxy_bypass_environment(host, {"no": excepted}):
        return urllib3.PoolManager(ssl_context=trusted)
    try:
        return urllib3.ProxyManager(proxy, ssl_context=trusted, proxy_ssl_context=trusted)
    except (urllib3.exceptions.HTTPError, ValueError) as error:
        raise InputError("the proxy that HTTPS_PROXY or ALL_PROXY names is no http or https URL") from error


_PROXIES = ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY")
