"""The caller's organisation: its name, and what all its calls are told to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field, StrictInt

from control_api.assistant.field import Overrides, kept, readable, warnings
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import not_found
from control_api.web.shapes import Body, Name, Shown, Time, changes, unset
from storage.records import Organisation, Scope

contract = Contract("Organisation", "/organisation", v1=None, read=None, write=Scope.KEYS_WRITE)


class OrganisationShown(Shown):
    uuid: str
    name: str
    assistant_overrides: dict[str, Any]
    max_parallel_calls: int | None = Field(description="of all its campaigns together; null: what the server can take")
    recording_retention_days: int | None = Field(description="counted from the start of a call; null: for ever")
    created_at: Time
    scopes: list[Scope] = Field(description="what whoever asks may do")
    warnings: list[str] = Field(description="what of `assistant_overrides` is not obeyed yet")


class OrganisationChange(Body):
    name: Name = unset()
    assistant_overrides: Overrides = unset()
    max_parallel_calls: Annotated[StrictInt, Field(ge=1, le=10_000)] | None = None
    recording_retention_days: Annotated[StrictInt, Field(ge=1, le=36_500)] | None = None


@contract.get("")
async def get(asked: Asked) -> OrganisationShown:
    """Get the organisation that the key belongs to."""
    async with asked.read() as work:
        return _shown(asked, await work.organisations.get(asked.organisation))


@contract.patch("")
async def change(asked: Asked, body: OrganisationChange) -> OrganisationShown:
    """Change the organisation."""
    async with asked.begin() as work:
        organisation = await work.organisations.held(asked.organisation)
        if organisation is not None:
            new = changes(body)
            if "assistant_overrides" in new:
                new["assistant_overrides"] = kept(asked, new["assistant_overrides"], organisation.assistant_overrides)
            organisation = replace(organisation, **new)
            await work.organisations.save(organisation)
    return _shown(asked, organisation)


def _shown(asked: Asked, organisation: Organisation | None) -> OrganisationShown:
    if organisation is None:
        raise not_found("Organisation")
    return OrganisationShown(
        uuid=organisation.id,
        name=organisation.name,
        assistant_overrides=dict(readable(asked, organisation).assistant_overrides),
        max_parallel_calls=organisation.max_parallel_calls,
        recording_retention_days=organisation.recording_retention_days,
        created_at=organisation.created_at,
        scopes=sorted(asked.caller.scopes),
        warnings=warnings(asked, organisation.assistant_overrides),
    )
