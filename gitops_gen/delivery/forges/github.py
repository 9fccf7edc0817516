"""GitHub's pull requests, by its REST interface: https://docs.github.com/rest/pulls/pulls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitops_gen.delivery.forges.asking import Questions
    from gitops_gen.delivery.forges.protocol import ChangeRequest

HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
ADVICE = (
    "the token needs write access to contents and pull requests of this repository; "
    "a job's own token also needs the setting that lets workflows open pull requests"
)
_FIELDS = {"number": "number", "url": "html_url", "title": "title", "body": "body"}
_TAKEN = 422


@dataclass(frozen=True, slots=True)
class GitHub:
    """Pull requests of one repository (`owner/name`)."""

    questions: Questions
    project: str

    def find(self, head: str, base: str) -> ChangeRequest | None:
        """Return the open pull request of these branches of the repository itself, never of a fork."""
        owner = self.project.partition("/")[0]
        query = {"state": "open", "head": f"{owner}:{head}", "base": base}
        for value in self.questions.pages(self._pulls, query):
            # GitHub gives all there are when it does not understand `head`, and a fork has branches of that name, too.
            source = value.get("head") or {} if isinstance(value, dict) else {}
            home = (source.get("repo") or {}).get("full_name", "")
            target = (value.get("base") or {}).get("ref") if isinstance(value, dict) else None
            if (source.get("ref"), target, str(home).lower()) == (head, base, self.project.lower()):
                return self.questions.change(value, _FIELDS)
        return None

    def open(self, head: str, base: str, title: str, body: str) -> ChangeRequest:
        """Open one; where there is one already, that is returned as it is."""
        return self.questions.open(
            self._pulls,
            {"title": title, "head": head, "base": base, "body": body},
            find=lambda: self.find(head, base),
            read=lambda value: self.questions.change(value, _FIELDS),
            taken=_TAKEN,
        )

    def update(self, number: int, title: str, body: str) -> ChangeRequest:
        """Give it another title and body."""
        value = self.questions.ask("PATCH", f"{self._pulls}/{number}", value={"title": title, "body": body})
        return self.questions.change(value, _FIELDS)

    def close(self, number: int, body: str) -> None:
        """Close it; the body says why."""
        self.questions.ask("PATCH", f"{self._pulls}/{number}", value={"state": "closed", "body": body})

    @property
    def _pulls(self) -> str:
        return f"/repos/{self.project}/pulls"
