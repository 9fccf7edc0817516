"""`gitops-gen schema`: the JSON Schema that editors use."""

from __future__ import annotations

import click

from gitops_gen.cli import console


@click.command(
    "schema",
    epilog="""\b
Examples:
  gitops-gen schema workload > workload.schema.json
  # first line of an inventory file, for editors with a YAML language server:
  # yaml-language-server: $schema=workload.schema.json
""",
)
@click.argument("kind", type=click.Choice(["mesh", "cluster", "workload", "consumer"], case_sensitive=False))
def command(kind: str) -> None:
    """Print the JSON Schema of one KIND of inventory document.

    A schema knows the fields of a document and their types. What concerns several documents (names, clashes,
    references) only `gitops-gen validate` can tell.
    """
    import json

    from gitops_gen.inventory.schema import json_schema

    console.result(json.dumps(json_schema(kind.capitalize()), indent=2, ensure_ascii=False))
