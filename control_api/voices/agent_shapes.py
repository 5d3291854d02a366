"""A voice agent as it is given and shown."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from control_api.assistant.field import Overrides
from control_api.web.shapes import Body, FreeObject, LanguageCode, Name, Shown, Text, Time, unset
from storage.ids import AGENT, new_id
from storage.records import Agent

COLOR = "#6366f1"
"""Of an agent that was given none."""

Color = Annotated[
    str,
    StringConstraints(pattern=r"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6}|[0-9a-fA-F]{8})$", max_length=9),
    Field(examples=[COLOR], description="hexadecimal"),
]
Initials = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


class VoiceConfig(Body):
    provider: Word = Field(description="`nextneural` is this server's own")
    model: Word | None = None
    speaker: Word | None = None
    language_code: LanguageCode | None = None


class VoiceConfigShown(Shown):
    provider: str
    model: str | None
    speaker: str | None
    language_code: str | None
    sample_url: str | None = Field(description="null: it cannot be listened to")


class AgentBody(Body):
    name: Name
    role: Name
    description: Text | None = None
    avatar_color: Color | None = None
    avatar_initials: Initials | None = Field(None, description="null: made from the name")
    voice_config: VoiceConfig | None = None
    config: FreeObject = Field({}, description="the call plan: greeting, prompt, provider and options of each stage")
    assistant_overrides: Overrides = Field({})

    def record(self, organisation: str, now: datetime) -> Agent:
        """A new one."""
        return Agent(
            new_id(AGENT),
            organisation,
            name=self.name,
            role=self.role,
            created_at=now,
            updated_at=now,
            description=self.description or "",
            avatar_color=self.avatar_color or COLOR,
            avatar_initials=self.avatar_initials or initials(self.name),
            voice_config=as_recorded(self.voice_config),
            config=self.config,
            assistant_overrides=self.assistant_overrides,
        )


class AgentChange(Body):
    """Only what changes. Objects are replaced whole."""

    name: Name = unset()
    role: Name = unset()
    description: Text | None = None
    avatar_color: Color | None = None
    avatar_initials: Initials | None = Field(None, description="null: made from the name")
    voice_config: VoiceConfig | None = None
    config: FreeObject = unset()
    assistant_overrides: Overrides = unset()

    def applied(self, agent: Agent) -> dict[str, Any]:
        """The fields of the record that change."""
        new: dict[str, Any] = {name: getattr(self, name) for name in self.model_fields_set}
        for name, default in (("description", ""), ("avatar_color", COLOR)):
            if name in new:
                new[name] = new[name] or default
        if "avatar_initials" in new:
            new["avatar_initials"] = self.avatar_initials or initials(new.get("name", agent.name))
        if "voice_config" in new:
            new["voice_config"] = as_recorded(self.voice_config)
        return new


class AgentShown(Shown):
    uuid: str
    name: str
    role: str
    description: str
    avatar_color: str
    avatar_initials: str
    voice_config: VoiceConfigShown | None
    config: dict[str, Any] = Field(description="as it was given, with secrets masked")
    assistant_overrides: dict[str, Any]
    is_active: bool
    created_at: Time
    updated_at: Time
    warnings: list[str] = Field(description="what of `assistant_overrides` is not obeyed yet")


def as_recorded(voice_config: VoiceConfig | None) -> dict[str, Any]:
    """Nothing of what was not said."""
    return voice_config.model_dump(exclude_none=True) if voice_config is not None else {}


def initials(name: str) -> str:
    """Of the first two words, or the first two letters of the only one: Aria Shah → AS, Aria → AR."""
    words = ["".join(filter(str.isalnum, word)) for word in name.split()]
    words = [word for word in words if word] or [name]
    letters = words[0][:2] if len(words) == 1 else words[0][0] + words[1][0]
    return letters.upper()[:2]
