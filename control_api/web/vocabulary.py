"""Two vocabularies for one thing: the dashboard's under `/api/voice`, the developers' under `/v1`.

In a model the attribute has the dashboard's word, and its alias, where there is one, the developers'.
"""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel


class Vocabulary(Enum):
    """By what a path begins with."""

    DASHBOARD = "/api/voice"
    DEVELOPERS = "/v1"
    VAPI = ""
    """Paths of no prefix, whose models have Vapi's words as aliases."""

    @property
    def by_alias(self) -> bool:
        return self is not Vocabulary.DASHBOARD

    def word(self, model: type[BaseModel], name: str) -> str:
        """What a field of `model` is called."""
        alias = model.model_fields[name].alias
        return alias if alias and self.by_alias else name


PATH_WORDS = {"flow_uuid": "campaign_id", "customer_uuid": "contact_uuid"}
"""What stands in a path: the dashboard's word → the developers'."""


def path_in(vocabulary: Vocabulary, path: str) -> str:
    """A path's placeholders in the words of `vocabulary`."""
    if vocabulary is Vocabulary.DEVELOPERS:
        for ours, theirs in PATH_WORDS.items():
            path = path.replace(f"{{{ours}}}", f"{{{theirs}}}")
    return path
