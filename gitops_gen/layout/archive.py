"""A tree as an archive whose bytes depend on nothing but the tree: no clock, no owner, no order of a file system."""

from __future__ import annotations

import io
import tarfile
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.tree import Tree

_MODE = 0o644
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""Deflate, no name, no time, strongest compression, no system: Python's own header differs between its versions."""


def tar(tree: Tree) -> bytes:
    """Return a tar of a tree: regular files of mode 0644, owned by 0:0, of 1 January 1970, in order of paths."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as made:
        for path, content in sorted(tree.items()):
            entry = tarfile.TarInfo(path)
            entry.mode = _MODE
            entry.size = len(content)
            made.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def gzip(content: bytes) -> bytes:
    """Return some bytes packed by gzip. The same zlib makes the same bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    end = zlib.crc32(content).to_bytes(4, "little") + (len(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return _GZIP_HEADER + packer.compress(content) + packer.flush() + end
