"""Who can listen, think and speak in a call, and what each can be told."""

from __future__ import annotations

import asyncio
from typing import Any

from pydantic import Field

from control_api.catalogue import STAGES
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.shapes import Shown
from storage.records import Scope

contract = Contract("Providers", "/providers", v1=None, read=Scope.AGENTS_READ, write=None)


class ProviderShown(Shown):
    name: str
    needs_key: bool = Field(description="works only with credentials of the organisation's own")
    options_schema: dict[str, Any] = Field(description="JSON schema of its options; secrets are `writeOnly`")


class ProvidersShown(Shown):
    stt: list[ProviderShown]
    llm: list[ProviderShown]
    tts: list[ProviderShown]
    realtime: list[ProviderShown] = Field(description="each in the place of all three")


@contract.get("")
async def every(asked: Asked) -> ProvidersShown:
    """List the providers of each stage of a call: recognisers, language models, voices."""
    found = await asyncio.to_thread(asked.services.catalogue.providers)
    grouped = {
        stage: [
            ProviderShown(name=provider.name, needs_key=provider.needs_key, options_schema=dict(provider.schema))
            for provider in found
            if provider.stage == stage
        ]
        for stage in STAGES
    }
    return ProvidersShown(**grouped)
