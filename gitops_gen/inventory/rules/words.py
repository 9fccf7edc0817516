"""How rules speak of names: what is wrong with one, in words, and texts made safe to show."""

from __future__ import annotations

import re

from gitops_gen.naming import LABEL_LENGTH, SUBDOMAIN_LENGTH, is_label, is_subdomain

_SHOWN = 80
_PORT_NAME_LENGTH = 15
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?", re.ASCII)
_LABEL_NAME = re.compile(r"[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?", re.ASCII)


def shown(text: str) -> str:
    """Return a text in quotes, shortened, with everything that does not print escaped."""
    short = text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
    return f'"{short}"' if short.isprintable() else f'"{short.encode("unicode_escape").decode("ascii")}"'


def too_long(text: str, limit: int, what: str) -> str | None:
    """Say by how much a text is too long, None if it is not."""
    if len(text) <= limit:
        return None
    return f"is {len(text)} characters long, {len(text) - limit} more than the {limit} that {what} can have"


def label_fault(text: str) -> str | None:
    """Say why a text is no DNS label, None if it is one."""
    if is_label(text):
        return None
    return too_long(text, LABEL_LENGTH, "a DNS label") or _wrong_letters(
        text, "a DNS label (a-z, 0-9 and - inside; no dots)"
    )


def subdomain_fault(text: str) -> str | None:
    """Say why a text is no DNS name (labels joined by dots), None if it is one."""
    if is_subdomain(text):
        return None
    long = too_long(text, SUBDOMAIN_LENGTH, "a DNS name")
    long = long or next(
        (f'has the part "{part[:20]}..." which {fault}' for part in text.split(".") if (fault := _long_label(part))),
        None,
    )
    return long or _wrong_letters(text, "a DNS name (labels of a-z, 0-9 and - inside, joined by dots)")


def _long_label(text: str) -> str | None:
    return too_long(text, LABEL_LENGTH, "a DNS label")


def _wrong_letters(text: str, wanted: str) -> str:
    if text.isascii() and text != text.lower():
        return f"has upper case letters; it must be {wanted} in lower case"
    return f"is not {wanted}"


def service_fault(text: str) -> str | None:
    """Say why a text cannot name a Service that is yet to be made (RFC 1035: it begins with a letter)."""
    fault = label_fault(text)
    if fault is None and text[0].isdigit():
        return "begins with a digit, which Kubernetes does not accept for a Service"
    return fault


def container_port_fault(text: str) -> str | None:
    """Say why a text cannot name a container's port (IANA service name), None if it can."""
    if (fault := too_long(text, _PORT_NAME_LENGTH, "the name of a container port")) is not None:
        return fault
    if label_fault(text) is not None or "--" in text or not any(letter.isalpha() for letter in text):
        return "is not the name of a container port (a-z, 0-9, single - inside, at least one letter)"
    return None


def label_key_fault(text: str) -> str | None:
    """Say why a text is no key of a Kubernetes label (an optional DNS name and `/` before it)."""
    prefix, slash, name = text.rpartition("/")
    if slash and (fault := subdomain_fault(prefix)) is not None:
        return f"has a prefix that {fault}"
    if (fault := too_long(name, LABEL_LENGTH, "the name of a label")) is not None:
        return fault
    return None if _LABEL_NAME.fullmatch(name) else "is not the key of a label (letters, digits, - _ . inside)"


def label_value_fault(text: str) -> str | None:
    """Say why a text is no value of a Kubernetes label, None if it is one."""
    if (fault := too_long(text, LABEL_LENGTH, "the value of a label")) is not None:
        return fault
    return None if _LABEL_VALUE.fullmatch(text) else "is not the value of a label (letters, digits, - _ . inside)"


def pair_fault(text: str) -> str | None:
    """Say why a text is not `namespace/name` with two DNS labels, None if it is."""
    namespace, slash, name = text.partition("/")
    if not slash:
        return "has no namespace; write `namespace/name`"
    for part, word in ((namespace, "namespace"), (name, "name")):
        if (fault := label_fault(part)) is not None:
            return f"has a {word} that {fault}"
    return None


def consumer_pattern_fault(text: str) -> str | None:
    """Say why a text is neither `namespace/name` nor `namespace/*`, None if it is."""
    namespace, slash, name = text.partition("/")
    if slash and name == "*":
        fault = label_fault(namespace)
        return fault and f"has a namespace that {fault}"
    return pair_fault(text)


def many(first: str, more: int) -> str:
    """Add to a message about the first of several equal cases how many more there are."""
    return f"{first}, and {more} more like it" if more else first
