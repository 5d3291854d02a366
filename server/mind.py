"""A call plan's knowledge and guardrails, around the language model that the call asks."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from processors.aside import Aside
from processors.guardrails.guarded import GuardedLlm
from processors.guardrails.judge import Judge
from processors.guardrails.lines import instead
from processors.guardrails.names import by_sentence
from processors.knowledge.informed import Informed, Knowledge
from processors.ports import FormFiller
from processors.wording.script import splitter
from server.call_plan import CallPlan
from server.ports import Ports


def minded(asked: Ports, plan: CallPlan, knowledge: Knowledge | None, model: Callable[[], Any]) -> Ports:
    """`model` makes the plan's first language model anew, to judge by the guardrails that are sentences.

    A script is left as it is: its words are its writer's. So is a model that speaks by itself, for its words come when
    they are spoken.
    """
    if plan.realtime is not None or plan.llm.provider == "embedded":
        return asked
    llm, behind = asked.llm, asked.behind_dialogue
    if plan.guardrails:
        aside = Aside()
        sentences = by_sentence(plan.guardrails)
        judge = model() if sentences else None
        llm = GuardedLlm(
            llm,
            plan.guardrails,
            instead=instead(plan.language),
            told=(plan.greeting, json.dumps(plan.variables, ensure_ascii=False, default=str)),
            judge=Judge(judge, sentences) if isinstance(judge, FormFiller) else None,
            cuts=partial(splitter, plan.speech),
            report=aside.tell,
        )
        behind = (*behind, aside)
    if knowledge is not None:
        llm = Informed(llm, knowledge)
    return replace(asked, llm=llm, behind_dialogue=behind)
