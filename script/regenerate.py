"""Writes what this repository holds in generated form; with --check, lists what is stale instead, and ends with 1.

Each function below makes one kind of such files and says what it is made from: path -> content, for all files of
that kind. A file in one of their folders that no function makes is stale too.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitops_gen import compile_tree, load_inventory
from gitops_gen.cli.main import COMMANDS, cli
from gitops_gen.inventory.format import DOCUMENTS
from gitops_gen.inventory.schema import json_schema
from gitops_gen.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent


def schemas() -> dict[str, str]:
    """Make the JSON Schema of each kind of the inventory, from its model."""
    return {
        f"schema/{kind.lower()}.schema.json": json.dumps(json_schema(kind), indent=2, ensure_ascii=False) + "\n"
        for kind in DOCUMENTS
    }


def example_tree() -> dict[str, str]:
    """Make base/ and overlays/ of this repository, the output for examples/thanos/."""
    judged = load_inventory(str(ROOT / "examples" / "thanos"))
    if judged.inventory is None:
        sys.exit("examples/thanos/ has problems: see gitops-gen validate examples/thanos")
    return {path: content.decode() for path, content in compile_tree(judged.inventory).items()}


def command_reference() -> dict[str, str]:
    """Make docs/reference/cli.md from the help of the commands."""
    text = ["# Commands", "", "What each command prints for `--help`. Each option can also be given by its variable."]
    for name in ("", *COMMANDS):
        command: click.Command = cli if not name else importlib.import_module(f"gitops_gen.cli.{name}").command
        title = f"gitops-gen {name}".rstrip()
        context = click.Context(
            command,
            info_name=title,
            terminal_width=100,
            max_content_width=100,
            help_option_names=["-h", "--help"],
        )
        text += ["", f"## {title}", "", "```text", command.get_help(context), "```"]
    return {"docs/reference/cli.md": "\n".join(text) + "\n"}


def rule_index() -> dict[str, str]:
    """Make docs/reference/rules/README.md, the index of all rules, from their catalogue."""
    text = [
        "# Rules",
        "",
        "Every problem that is reported bears the id of its rule. Ids are never reused. Each page says why the rule",
        "holds, with an inventory that breaks it and the nearest one that does not. The facts behind those on",
        "resources: [What Istio does](../../explanation/what-istio-does.md).",
    ]
    parts = {
        "1": "On the text of an inventory",
        "2": "On what an inventory says",
        "0": "On the resources that would come of it",
    }
    for digit, title in parts.items():
        text += ["", f"## {title}", "", "| rule | name | what holds |", "| --- | --- | --- |"]
        text += [
            f"| [{rule.id}]({rule.id}.md) | {rule.name} | {rule.holds} |"
            for rule in RULES.values()
            if rule.id.removeprefix("GGI").startswith(digit)
        ]
    switches = ", ".join(f"[{rule.id}]({rule.id}.md)" for rule in RULES.values() if rule.switch)
    text += [
        "",
        "## Setting a rule aside",
        "",
        "A workload may set these aside, each with a reason (`setAside`):",
        "",
        f"{switches}.",
        "",
    ]
    text += ["All others hold for everybody, as what breaks them is refused, ignored or leads to another pod."]
    return {"docs/reference/rules/README.md": "\n".join(text) + "\n"}


GENERATED: dict[Callable[[], dict[str, str]], tuple[str, ...]] = {
    schemas: ("schema",),
    example_tree: ("base", "overlays"),
    command_reference: (),
    rule_index: (),
}
"""What makes files, and the folders in which it makes all of them."""


def main(*, check: bool) -> int:
    """Write or check everything."""
    wanted: dict[str, str] = {}
    folders: list[str] = []
    for make, made_in in GENERATED.items():
        wanted |= make()
        folders += made_in
    there = {path.relative_to(ROOT).as_posix() for own in folders for path in (ROOT / own).rglob("*") if path.is_file()}
    stale = sorted(there - wanted.keys())
    for path, text in sorted(wanted.items()):
        file = ROOT / path
        if not file.is_file() or file.read_bytes() != text.encode():
            stale.append(path)
    for path in stale:
        print(f"{path}: {'stale' if path in wanted else 'made by nothing any more'}")
        if check:
            continue
        file = ROOT / path
        if path in wanted:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(wanted[path].encode())
        else:
            file.unlink()
    if check and stale:
        print("run script/regenerate and commit what it changes")
        return 1
    print(f"{len(wanted)} generated files, {len(stale)} {'written' if stale else 'stale'}")
    return 0


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv[1:]))
