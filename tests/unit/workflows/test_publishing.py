from __future__ import annotations

import pytest

from gitops_gen.errors import InputError
from gitops_gen.workflows.publishing import Remote, plan_changes
from tests.factories import an_inventory


def test_somebody_has_to_name_a_repository() -> None:
    with pytest.raises(InputError, match="no GitOps repository is named") as failed:
        plan_changes(an_inventory(), Remote(environment={}, relative_to="/"))
    assert "--repository" in failed.value.help
