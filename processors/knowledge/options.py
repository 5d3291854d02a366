"""What a call plan may say of what its agent can look up."""

from __future__ import annotations

from pydantic import BaseModel, Field, model_validator

from processors.knowledge.folder import NAME
from processors.tools.options import Header, HeaderValue


class KnowledgeServer(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    """Asked at each turn, as Vapi's custom knowledge base is."""

    url: str = Field(pattern=r"^https?://[^\s/]")
    headers: dict[Header, HeaderValue] = Field(default_factory=dict, max_length=20)
    seconds: float = Field(1.5, gt=0, le=1.5, description="after which a turn is answered without")


class KnowledgeOptions(BaseModel, frozen=True, extra="forbid"):
    folder: str = Field("", pattern=f"^({NAME})?$", description="of documents, in the organisation's knowledge folder")
    server: KnowledgeServer | None = None
    passages: int = Field(3, ge=1, le=10, description="given to the language model with each turn, at most")

    @model_validator(mode="after")
    def _one_of_them(self) -> KnowledgeOptions:
        if bool(self.folder) == (self.server is not None):
            raise ValueError("knowledge names either a folder or a server")
        return self
