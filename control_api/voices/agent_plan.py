"""The call plan in an agent's `config`: as it is given, kept and shown. All of it may block: for a thread.

Which of a provider's options are secret only the provider's own schema knows, and to ask it may load its module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from control_api.catalogue import STAGES, Catalogue
from control_api.web.asked import Asked
from control_api.web.errors import bad
from control_api.web.hidden import PLAN, Hidden, Path, Secret

FIELD = "config"


def kept_plan(asked: Asked, given: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What the record gets: secrets sealed, and those that came masked as the record had them `before`.

    Raises RefusedError for a mask of nothing, and for a plan that no call could be made with.
    """
    hidden, catalogue = _hidden(asked), asked.services.catalogue
    secret = _secret(given, catalogue)
    plain = hidden.plain(given, before, secret, FIELD)
    wrong = catalogue.check_plan(plain)
    if wrong is not None:
        raise bad(f"{FIELD}.{wrong}")
    return hidden.sealed(plain, secret)


def shown_plan(asked: Asked, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Secrets masked."""
    return _hidden(asked).masked(kept, _secret(kept, asked.services.catalogue))


def _secret(plan: Mapping[str, Any], catalogue: Catalogue) -> Secret:
    known = {
        place: catalogue.secrets(stage, name) for stage in STAGES for place, name in _providers(stage, plan.get(stage))
    }

    def is_secret(path: Path) -> bool:
        match path:
            case (str(stage), "options", str(option), *_):
                return option in known.get((stage,), ())
            case (str(stage), "fallbacks", int(place), "options", str(option), *_):
                return option in known.get((stage, "fallbacks", place), ())
            case ("server", "headers", *_) | ("observability", "secret_key"):
                return True
            case ("knowledge", "server", "headers", *_) | ("turns", "reader", "headers", *_):
                return True
            case (
                ("tools", int(), *tool)
                | ("hooks", int(), "do", int(), "tool", *tool)
                | ("consent", "decline", "tool", *tool)
            ):
                return tool[:1] == ["headers"]
        return False

    return is_secret


def _providers(stage: str, choice: Any) -> Iterator[tuple[Path, str]]:
    """Place and name of the one that is chosen, and of those that may take its place."""
    if not isinstance(choice, Mapping):
        return
    fallbacks = choice.get("fallbacks")
    yield (stage,), _name(choice)
    for place, each in enumerate(fallbacks if isinstance(fallbacks, list) else ()):
        yield (stage, "fallbacks", place), _name(each)


def _name(choice: Any) -> str:
    name = choice.get("provider") if isinstance(choice, Mapping) else None
    return name if isinstance(name, str) else ""


def _hidden(asked: Asked) -> Hidden:
    return Hidden(asked.services.seal, asked.organisation, PLAN)
