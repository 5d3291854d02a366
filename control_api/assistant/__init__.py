"""Vapi's assistant, as far as one call can be told to differ from it."""

from control_api.assistant.obedience import not_obeyed
from control_api.assistant.overrides import AssistantOverrides, checked

__all__ = ["AssistantOverrides", "checked", "not_obeyed"]
