from __future__ import annotations

from gitops_gen.report.diff import tree_diff

SEAL = "# gitops-gen: mesh=example sha256="


def test_equal_trees_have_no_difference() -> None:
    assert tree_diff({"a": b"1\n"}, {"a": b"1\n"}) == ""


def test_changed_new_and_deleted_files() -> None:
    before = {"a.yaml": b"one\ntwo\n", "gone.yaml": b"x\n", "same.yaml": b"y\n"}
    after = {"a.yaml": b"one\nthree\n", "new.yaml": b"z\n", "same.yaml": b"y\n"}
    assert tree_diff(before, after) == (
        "--- a/a.yaml\n"
        "+++ b/a.yaml\n"
        "@@ -1,2 +1,2 @@\n"
        " one\n"
        "-two\n"
        "+three\n"
        "--- a/gone.yaml\n"
        "+++ /dev/null\n"
        "@@ -1 +0,0 @@\n"
        "-x\n"
        "--- /dev/null\n"
        "+++ b/new.yaml\n"
        "@@ -0,0 +1 @@\n"
        "+z\n"
    )


def test_seals_are_shown_only_where_nothing_else_differs() -> None:
    assert tree_diff({"a": f"{SEAL}1\nx\n".encode()}, {"a": f"{SEAL}2\ny\n".encode()}) == (
        "--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n"
    )
    assert tree_diff({"a": f"{SEAL}1\nx\n".encode()}, {"a": f"{SEAL}2\nx\n".encode()}) == (
        f"--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-{SEAL}1\n+{SEAL}2\n x\n"
    )


def test_line_ends_and_control_characters_are_shown_escaped() -> None:
    assert tree_diff({"a\x1b": b"x\r\n"}, {"a\x1b": "x\u202e\n".encode()}) == (
        "--- a/a\\x1b\n+++ b/a\\x1b\n@@ -1 +1 @@\n-x\\x0d\n+x\\u202e\n"
    )


def test_a_missing_last_line_feed_is_a_difference() -> None:
    assert tree_diff({"a": b"x"}, {"a": b"x\n"}) == (
        "--- a/a\n+++ b/a\n@@ -1,2 +1 @@\n x\n-\\ no line feed at the end\n"
    )


def test_what_is_no_text_is_only_named() -> None:
    assert tree_diff({"a": b"\xff"}, {"a": b"x\n"}) == (
        "--- a/a\n+++ b/a\nthe two differ and at least one of them is no text\n"
    )


def test_a_file_too_long_to_compare_is_only_named() -> None:
    assert tree_diff({"a": b"x\n" * 5_001}, {"a": b"y\n"}) == (
        "--- a/a\n+++ b/a\n5,001 lines and 1 line, too many to compare\n"
    )


def test_what_does_not_fit_is_counted_and_named() -> None:
    after = {f"file-{place:02}": b"x\n" for place in range(20)}
    assert tree_diff({}, after, limit=9) == (
        "--- /dev/null\n+++ b/file-00\n@@ -0,0 +1 @@\n+x\n"
        "--- /dev/null\n+++ b/file-01\n@@ -0,0 +1 @@\n+x\n"
        "... 18 more files not shown: file-02, file-03, file-04, file-05, file-06, file-07, file-08, file-09, "
        "file-10, file-11 and 8 more\n"
    )
    assert tree_diff({}, {"a": b"x\n" * 10, "b": b"y\n"}, limit=5) == (
        "--- /dev/null\n+++ b/a\n@@ -0,0 +1,10 @@\n+x\n+x\n... 8 more lines of a\n... 1 more file not shown: b\n"
    )
    assert tree_diff({}, {"a": b"x\n" * 10}, limit=5) == (
        "--- /dev/null\n+++ b/a\n@@ -0,0 +1,10 @@\n+x\n+x\n... 8 more lines of a\n"
    )
