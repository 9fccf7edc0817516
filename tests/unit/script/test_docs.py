"""The reader of commands in pages: one that finds nothing, or takes anything, would pass every page."""

from __future__ import annotations

import pytest

from script.docs import Command, commands, matches

PAGE = """# A page

    $ not run

```console
$ gitops-gen validate inventory
no problems
$ gitops-gen publish inventory \\
    --branch main
one
...
$ true
```

```sh
$ not run either
```

```console
$ false
```
"""


def test_the_commands_of_a_page_are_found_in_order_with_their_lines() -> None:
    assert commands(PAGE) == [
        Command(6, "gitops-gen validate inventory", ["no problems"]),
        Command(8, "gitops-gen publish inventory \\\n    --branch main", ["one", "..."]),
        Command(12, "true", []),
        Command(20, "false", []),
    ]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ([], [], True),
        ([], ["something"], False),
        (["a"], [], False),
        (["a.c"], ["abc"], False),
        (["a", "b"], ["a", "b"], True),
        (["a", "b"], ["b", "a"], False),
        (["a", "..."], ["a"], True),
        (["a", "..."], ["a", "b", "c"], True),
        (["...", "c"], ["a", "b", "c"], True),
        (["...", "c"], ["a", "c", "b"], False),
        (["a", "...", "d", "..."], ["a", "b", "c"], False),
    ],
)
def test_what_is_printed_is_held_against_what_is_shown(shown: list[str], printed: list[str], same: bool) -> None:  # noqa: FBT001
    assert matches(shown, printed) is same
