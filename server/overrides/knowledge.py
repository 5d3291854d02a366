"""What the assistant may look up: a server of the user's own."""

from __future__ import annotations

from pydantic import ValidationError

from control_api.assistant.model import KnowledgeBase
from control_api.assistant.server import Server
from processors.knowledge.options import KnowledgeServer
from server.overrides.asked import Asked, Changes, Rule
from server.overrides.providers import reached

CUSTOM = "custom-knowledge-base"
_PATH = "model.knowledgeBase"
KEYS = ("knowledge",)
LONGEST = 1.5
"""Seconds that a caller waits for it, whatever is asked for."""


def _base(asked: Asked) -> KnowledgeBase:
    return asked.model.knowledge_base or KnowledgeBase()


def _server(asked: Asked) -> Server:
    return _base(asked).server or Server()


def _change(asked: Asked) -> Changes | None:
    """None where we cannot ask it: another service's, or an address that is none."""
    server = _server(asked)
    if _base(asked).provider != CUSTOM or server.url is None:
        return None
    headers = {name: str(value) for name, value in (server.headers or {}).items()}
    wanted = {"url": server.url, "headers": headers, "seconds": min(server.timeout_seconds or LONGEST, LONGEST)}
    try:
        KnowledgeServer.model_validate(wanted)
    except ValidationError:
        return None
    return {"knowledge": {"folder": "", "server": wanted}}


def _if_given(given: object, asked: Asked) -> Changes | None:
    """It is obeyed with the server that it is of."""
    return None if given is None or _change(asked) is None else {}


def _looks_up(asked: Asked) -> bool:
    """A script does not."""
    return asked.plan.llm.provider != "embedded" or reached(asked) is not None


RULES = (
    Rule(f"{_PATH}.provider", KEYS, lambda asked: _if_given(_base(asked).provider, asked)),
    Rule(f"{_PATH}.server.url", KEYS, _change, whole=_looks_up),
    Rule(
        f"{_PATH}.server.timeoutSeconds",
        KEYS,
        lambda asked: _if_given(_server(asked).timeout_seconds, asked),
        whole=lambda asked: (_server(asked).timeout_seconds or 0) <= LONGEST,
    ),
    Rule(f"{_PATH}.server.headers", KEYS, lambda asked: _if_given(_server(asked).headers, asked)),
)
