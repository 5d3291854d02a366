"""The toolbox of a rehearsed call: requests go to the scenario's server; nothing is written in books."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dialer.opt_out import REASON
from pipeline.frames import Frame
from processors.ports import Tool
from processors.tools.announced import Announced
from processors.tools.options import McpTool, NoteTool
from processors.tools.requests import Outside
from processors.tools.toolbox import Deed, Done, Speak, Toolbox
from processors.variables import render
from server.call_plan import CallPlan
from server.tools import opt_out
from server.tools.key_details import KEPT, note_tool
from server.tools.opt_out_lines import confirmation
from server.tools.toolbox import planned

ABOUT = {"id": "rehearsal", "type": "inboundPhoneCall", "customer": {"number": ""}, "phoneNumber": {"number": ""}}


class Pretended:
    """Does nothing, and answers as if it had."""

    def __init__(self, tool: Tool, done: Done) -> None:
        self.tool, self._done = tool, done

    async def do(self, arguments: Mapping[str, Any], speak: Speak) -> Done:
        return self._done


def toolbox(plan: CallPlan, outside: Outside, command: Callable[[Frame], None]) -> Toolbox:
    variables = {"call": ABOUT, **plan.variables}
    said = Done(opt_out.ANSWER, say=confirmation(plan.language), hangup=REASON)
    deeds: list[Deed] = [Pretended(opt_out.TOOL, said)]
    deeds += planned(plan, variables, outside, ABOUT, command)
    for one in plan.tools:
        if isinstance(one, NoteTool) and not plan.keeping.nothing:
            noted = Pretended(note_tool(one), Done(KEPT))
            deeds.append(Announced(noted, one.messages, variables, plan.language))
    rejections = {one.name: one.reject for one in plan.tools if not isinstance(one, McpTool)}
    return Toolbox(deeds, rejections=rejections, last_words=render(plan.end_message, variables))
