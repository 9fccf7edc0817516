"""Plan and publish: the tree of an inventory against a branch of the GitOps repository.

The remote ref update is the only commit point. Everything before it happens in memory and in a private temporary
clone; a lost race is compiled again from the new tip, never merged (DESIGN section 9).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitops_gen.delivery.clone import Clone, open_clone
from gitops_gen.errors import DeadlineError, OutcomeUnknownError, RejectedError
