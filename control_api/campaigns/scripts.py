"""Scripts: what an agent has to say in a flow."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from control_api.web.shapes import Body, LanguageCode, Name, Page, Shown, Text, Time, changes, unset
from storage.assets import Script
from storage.ids import SCRIPT, new_id
from storage.records import Scope

contract = Contract("Scripts", "/scripts", v1="/scripts", read=Scope.CAMPAIGNS_READ, write=Scope.CAMPAIGNS_WRITE)

Content = Annotated[str, Field(min_length=1, max_length=100_000)]


class ScriptBody(Body):
    name: Name
    content: Content
    description: Text = ""
    language_code: LanguageCode | None = None


class ScriptChange(Body):
    name: Name = unset()
    content: Content = unset()
    description: Text = unset()
    language_code: LanguageCode | None = None


class ScriptShown(Shown):
    uuid: str = Field(validation_alias="id")
    name: str
    content: str
    description: str
    language_code: str | None
    created_at: Time
    updated_at: Time


class ScriptsPage(Shown):
    scripts: list[ScriptShown]
    total: int


@contract.get("")
async def every(asked: Asked, query: Page) -> ScriptsPage:
    """List scripts, oldest first."""
    async with asked.read() as work:
        found, total = await work.scripts.page(query.limit, query.offset)
    return ScriptsPage(scripts=[ScriptShown.model_validate(script) for script in found], total=total)


@contract.post("")
async def create(asked: Asked, body: ScriptBody) -> ScriptShown:
    """Create a script."""
    given = body.model_dump()
    script = Script(new_id(SCRIPT), asked.organisation, created_at=asked.now, updated_at=asked.now, **given)
    async with asked.begin() as work:
        await work.scripts.add(script)
    return ScriptShown.model_validate(script)


@contract.get("/{script_uuid}")
async def get(asked: Asked, script_uuid: str) -> ScriptShown:
    """Get a script."""
    async with asked.read() as work:
        script = await work.scripts.get(script_uuid)
    if script is None:
        raise not_found("Script")
    return ScriptShown.model_validate(script)


@contract.patch("/{script_uuid}")
async def change(asked: Asked, script_uuid: str, body: ScriptChange) -> ScriptShown:
    """Change a script."""
    async with asked.begin() as work:
        script = await work.scripts.held(script_uuid)
        if script is None:
            raise not_found("Script")
        script = replace(script, **changes(body), updated_at=asked.now)
        await work.scripts.save(script, now=asked.now)
    return ScriptShown.model_validate(script)


@contract.delete("/{script_uuid}", errors=(409,))
async def delete(asked: Asked, script_uuid: str) -> None:
    """Delete a script that no flow names."""
    async with asked.begin() as work:
        script = await work.scripts.get(script_uuid)
        if script is None:
            raise not_found("Script")
        used = await work.scripts.used(script)
        if used:
            raise conflict(f"Script is used by {used} flow{'s' if used > 1 else ''}")
        await work.scripts.delete(script_uuid)
