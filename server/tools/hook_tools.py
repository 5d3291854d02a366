"""What the hooks of a call may have done: its own tools, and those that only a hook uses."""

from __future__ import annotations

from dataclasses import replace

from processors.hook_options import ToolAction
from processors.tools.options import McpTool
from processors.tools.toolbox import Toolbox
from server.call_plan import CallPlan
from server.tools.toolbox import CallTools


def hook_tools(tools: CallTools) -> Toolbox:
    toolbox, _ = replace(tools, plan=for_hooks(tools.plan)).made()
    return toolbox


def for_hooks(plan: CallPlan) -> CallPlan:
    """With their tools. Of two with one name a hook's own counts. Servers of tools have none that a hook knows."""
    wanted = [action for hook in plan.hooks for action in hook.do]
    declined = [] if plan.consent is None else [plan.consent.decline]
    actions = [action for action in (*wanted, *declined) if isinstance(action, ToolAction)]
    own = [action.tool for action in actions if not isinstance(action.tool, str)]
    each = tuple(tool for tool in (*own, *plan.tools) if not isinstance(tool, McpTool))
    return plan.model_copy(update={"tools": each})
