"""Which providers there are. A provider is a module beside others of its stage that defines `Options` and `create`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any, Literal, Protocol, cast, get_args

from aiohttp import ClientSession
from pydantic import BaseModel

from processors.ports import LanguageModel, SpeechToText, TextToSpeech
from processors.speech_to_speech import SpeechToSpeech

Stage = Literal["stt", "llm", "tts", "realtime"]
STAGES: tuple[Stage, ...] = get_args(Stage)
"""What a provider may be. `realtime` takes the place of the other three."""


class Provider(Protocol):
    """What a provider's module looks like."""

    Options: type[BaseModel]

    def create(
        self, options: Any, http: ClientSession
    ) -> SpeechToText | LanguageModel | TextToSpeech | SpeechToSpeech: ...


class UnknownProviderError(LookupError):
    """There is no provider of that name. The text lists those that there are."""


@cache
def names(stage: Stage) -> tuple[str, ...]:
    """In alphabetical order. The modules are read, not imported: what they need costs nothing yet."""
    found = find_spec(f"processors.{stage}")
    assert found is not None
    assert found.submodule_search_locations is not None
    folders = list(found.submodule_search_locations)
    modules = (module.name for module in iter_modules(folders) if not module.name.startswith("_"))
    return tuple(sorted(name for name in modules if _is_provider(f"processors.{stage}.{name}")))


def load(stage: Stage, name: str) -> Provider:
    """Raises UnknownProviderError."""
    if name not in names(stage):
        raise UnknownProviderError(f"no {stage} provider {name!r}: there are {', '.join(names(stage))}")
    return cast(Provider, import_module(f"processors.{stage}.{name}"))


def schema(stage: Stage, name: str) -> dict[str, Any]:
    """JSON schema of the provider's options. Raises UnknownProviderError."""
    return load(stage, name).Options.model_json_schema()


def create(stage: Stage, name: str, options: Mapping[str, Any], http: ClientSession) -> Any:
    """The stage's port, made. Raises UnknownProviderError, or pydantic's ValidationError for the options."""
    provider = load(stage, name)
    return provider.create(provider.Options.model_validate(dict(options)), http)


def _is_provider(module: str) -> bool:
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return False
    defined = {
        statement.name
        for statement in ast.parse(Path(spec.origin).read_bytes()).body
        if isinstance(statement, ast.ClassDef | ast.FunctionDef)
    }
    return {"Options", "create"} <= defined
