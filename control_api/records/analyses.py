"""What is made of calls once they are over: how far that is, and once more."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from control_api.records import calls
from control_api.records.call_shapes import AnalysisShown
from control_api.web.asked import Asked
from control_api.web.contract import Contract
from control_api.web.errors import conflict, not_found
from storage.analysis_records import Analysis
from storage.records import LIVE

contract: Contract = calls.contract.again()


class AnalysisAsked(AnalysisShown):
    uuid: str = Field(description="of the call")

    @classmethod
    def of_call(cls, analysis: Analysis) -> Self:
        return cls(uuid=analysis.call_id, **AnalysisShown.of(analysis).model_dump())


@contract.post("/{call_uuid}/analyse", status=202, limit="10/minute", errors=(409,))
async def analyse(asked: Asked, call_uuid: str) -> AnalysisAsked:
    """Have a call that is over analysed again. What others wrote into its `key_details` stays."""
    async with asked.begin() as work:
        call = await work.calls.get(call_uuid)
        if call is None:
            raise not_found("Call")
        if call.status in LIVE:
            raise conflict("Call is not over yet")
        return AnalysisAsked.of_call(await work.analyses.ask_again(call, at=asked.now))
