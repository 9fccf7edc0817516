"""Explanations as text and as JSON."""

from __future__ import annotations

import json

from gitops_gen.problems import Location
from gitops_gen.report.explain import explain_json, explain_text
from gitops_gen.workflows.explaining import Explanation, Fact

TOLD = [
    Explanation("pod a/b-0 in east", (Fact("placed by", "Workload a/b", Location("inventory/b.yaml", 7, 3)),)),
    Explanation("backend of x", (Fact("is", '"auto"\n, by default'),)),
]


def test_people_get_a_head_line_and_a_line_for_each_fact() -> None:
    assert explain_text(TOLD) == (
        "pod a/b-0 in east\n"
        "  placed by    Workload a/b  (inventory/b.yaml:7)\n"
        "backend of x\n"
        '  is           "auto"\\x0a, by default'
    )


def test_programs_get_the_same_with_empty_places() -> None:
    assert json.loads(explain_json(TOLD)) == {
        "explanations": [
            {
                "subject": "pod a/b-0 in east",
                "facts": [{"about": "placed by", "text": "Workload a/b", "file": "inventory/b.yaml", "line": 7}],
            },
            {
                "subject": "backend of x",
                "facts": [{"about": "is", "text": '"auto"\n, by default', "file": "", "line": 0}],
            },
        ]
    }
