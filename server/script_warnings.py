"""What the embedded engine makes of instructions: nothing, for it follows a script. Whoever gave some is told so."""

from __future__ import annotations

from server.call_plan import CallPlan

UNHEEDED = "the embedded engine follows a script and takes no instructions"


def follows_script(plan: CallPlan) -> bool:
    """Its language model is the embedded engine."""
    return plan.llm.provider == "embedded" and plan.realtime is None


def unheeded(plan: CallPlan) -> list[str]:
    """A sentence if it has instructions that nothing takes."""
    if not plan.prompt or not follows_script(plan):
        return []
    way_out = (
        "choose a language model" if "script" in plan.llm.options else "give it a script or choose a language model"
    )
    return [f"{UNHEEDED}: {way_out}"]
