"""GitLab's merge requests, by its REST interface: https://docs.gitlab.com/api/merge_requests/."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from gitops_gen.delivery.forges.asking import Questions
    from gitops_gen.delivery.forges.protocol import ChangeRequest

HEADERS = {"Accept": "application/json"}
ADVICE = "the token needs the scope api and the role Developer in this project (a job token cannot open merge requests)"
_FIELDS = {"number": "iid", "url": "web_url", "title": "title", "body": "description"}
_TAKEN = 409


@dataclass(frozen=True, slots=True)
class GitLab:
    """Merge requests of one project (`group/name`, groups inside groups as well)."""

    questions: Questions
    project: str

    def find(self, head: str, base: str) -> ChangeRequest | None:
        """Return the open merge request of these branches of the project itself, never of a fork."""
        query = {"state": "opened", "source_branch": head, "target_branch": base}
        for value in self.questions.pages(self._requests, query):
            if isinstance(value, dict) and value.get("source_project_id") == value.get("target_project_id"):
                return self.questions.change(value, _FIELDS)
        return None

    def open(self, head: str, base: str, title: str, body: str) -> ChangeRequest:
        """Open one; where there is one already, that is returned as it is."""
        return self.questions.open(
            self._requests,
            {
                "source_branch": head,
                "target_branch": base,
                "title": title,
                "description": body,
                "remove_source_branch": True,
            },
            find=lambda: self.find(head, base),
            read=lambda value: self.questions.change(value, _FIELDS),
            taken=_TAKEN,
        )

    def update(self, number: int, title: str, body: str) -> ChangeRequest:
        """Give it another title and body."""
        value = self.questions.ask("PUT", f"{self._requests}/{number}", value={"title": title, "description": body})
        return self.questions.change(value, _FIELDS)

    def close(self, number: int, body: str) -> None:
        """Close it; the body says why."""
        self.questions.ask("PUT", f"{self._requests}/{number}", value={"state_event": "close", "description": body})

    @property
    def _requests(self) -> str:
        return f"/projects/{quote(self.project, safe='')}/merge_requests"
