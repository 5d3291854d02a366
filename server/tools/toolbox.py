"""What the model of one call may have done: what its plan names, and what every call can do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipeline.frames import Frame
from pipeline.processor import Processor
from processors.privacy.redaction import redacted
from processors.tools.announced import Announced
from processors.tools.function import FunctionDeed
from processors.tools.http import HttpDeed
from processors.tools.options import DigitsTool, FunctionTool, HttpTool, McpTool, NoteTool
from processors.tools.requests import Outside
from processors.tools.toolbox import Deed, Toolbox
from processors.variables import render
from server.call_plan import CallPlan
from server.messages.about import about
from server.office import Office
from server.tools.digits import DigitsDeed
from server.tools.key_details import NoteDeed
from server.tools.opt_out import OptOutDeed
from server.tools.switch_language import SwitchDeed
from server.tools.tool_servers import ToolServers
from storage.records import Call


@dataclass(frozen=True, slots=True)
class CallTools:
    """Of one call. Made anew if it comes back from a transfer."""

    plan: CallPlan
    office: Office
    call: Call
    command: Callable[[Frame], None]
    """Tells the call itself."""
    opted_out: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when whoever is on the phone wants no more calls."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Those of the call, and what tools have found since: one for all its toolboxes."""

    def made(self) -> tuple[Toolbox, Sequence[Processor]]:
        """The toolbox, and what stands among the call's stages to fill it."""
        variables = self.variables
        variables.update({"call": self._about, **self.plan.variables, **variables})
        language = self.plan.language
        deeds: list[Deed] = [
            OptOutDeed(self.office.database, self.call.organisation_id, self.call.id, language, self.opted_out),
            *planned(self.plan, variables, self.office.outside, self._about, self.command),
            *(Announced(deed, plan.messages, variables, language) for plan, deed in self._notes()),
        ]
        rejections = {plan.name: plan.reject for plan in self.plan.tools if not isinstance(plan, McpTool)}
        toolbox = Toolbox(deeds, rejections=rejections, last_words=render(self.plan.end_message, variables))
        servers = [plan for plan in self.plan.tools if isinstance(plan, McpTool)]
        outside = self.office.outside
        if not servers or outside is None:
            return toolbox, ()
        return toolbox, (ToolServers(servers, toolbox, outside, variables, language=language, call=self.call.id),)

    def _notes(self) -> Iterator[tuple[NoteTool, NoteDeed]]:
        keeping = self.plan.keeping
        for plan in self.plan.tools:
            if isinstance(plan, NoteTool) and not keeping.nothing:
                clean = partial(redacted, kinds=keeping.redact)
                yield plan, NoteDeed(plan, self.office.database, self.call.organisation_id, self.call.id, clean)

    @property
    def _about(self) -> dict[str, Any]:
        """What a server is told of the call."""
        return about(self.call)


def planned(
    plan: CallPlan,
    variables: dict[str, Any],
    outside: Outside | None,
    about: dict[str, Any],
    command: Callable[[Frame], None],
) -> Iterator[Deed]:
    """What a plan names that needs no books. `about` is what a server is told of the call, `command` tells it."""
    for one in plan.tools:
        deed: Deed
        match one:
            case HttpTool() if outside is not None:
                deed = HttpDeed(one, outside, variables)
            case FunctionTool() if outside is not None:
                deed = FunctionDeed(one, outside, variables, about)
            case DigitsTool():
                deed = DigitsDeed(one, command)
            case _:
                continue
        yield Announced(deed, one.messages, variables, plan.language)
    if plan.languages:
        yield SwitchDeed((plan.language, *plan.languages), command)
