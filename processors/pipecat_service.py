"""A service of Pipecat's, by its dotted name and from plain JSON. Importing this module does not import Pipecat."""

from __future__ import annotations

import asyncio
import inspect
import warnings
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, get_args, get_type_hints

from aiohttp import ClientSession
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PydanticUserError,
    SecretStr,
    TypeAdapter,
    ValidationError,
    field_validator,
)

from processors.ports import ProviderError

if TYPE_CHECKING:
    from pipecat.services.ai_service import AIService

    from processors.pipecat_host import Host

PROVIDER = "pipecat"
PACKAGES = ("pipecat.services.",)
"""Only from below these is anything imported: a call plan names a service, and no other code."""

Kind = Literal["stt_service.STTService", "tts_service.TTSService", "llm_service.LLMService"]


class ServiceOptions(BaseModel, extra="forbid"):
    service: str = Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.[A-Z][A-Za-z0-9]*$")
    """Module and class, as in `pipecat.services.openai.tts.OpenAITTSService`."""
    api_key: SecretStr = SecretStr("")
    """For a service that takes one. An empty one is given as `none`: keys never come from the server's environment."""
    arguments: dict[str, Any] = {}
    """The constructor's other arguments, as JSON: what the service wants as objects (`settings`, `params`) too."""
    connect_timeout_seconds: float = Field(default=5, gt=0)
    """For the service to be ready. What must be imported first does not count."""

    @field_validator("service")
    @classmethod
    def _of_pipecat(cls, service: str) -> str:
        if not service.startswith(PACKAGES):
            raise ValueError(f"service must be below {' or '.join(PACKAGES)}")
        return service

    @field_validator("arguments")
    @classmethod
    def _no_key(cls, arguments: dict[str, Any]) -> dict[str, Any]:
        if "api_key" in arguments:
            raise ValueError("api_key stands beside the arguments, where it is kept secret")
        return arguments


def warm() -> None:
    """Imports what every hosted service needs. Blocks for a second or two: for a thread."""
    _imported("processors.pipecat_host")
    _imported("anyio._backends._asyncio")  # the SDKs' HTTP imports it in the middle of its first request


async def opened(options: ServiceOptions, kind: Kind, rate: int, http: ClientSession) -> Host:
    """A service at work, in a pipeline of its own. Its user ends it. Raises ProviderError."""
    service = await asyncio.to_thread(_made, options, kind, http)
    from processors.pipecat_host import Host

    host = Host(service, rate)
    await host.start(options.connect_timeout_seconds)
    return host


def accepts(made: type, name: str) -> bool:
    """Whether a constructor takes an argument, itself or by handing it on to the class that it is made from."""
    return _annotation(made, name) is not None


def _made(options: ServiceOptions, kind: Kind, http: ClientSession) -> AIService:
    """Blocks: it imports, and many services read certificates."""
    warm()
    made = _found(options.service, kind)
    given: dict[str, Any] = {name: _typed(made, name, value) for name, value in options.arguments.items()}
    for name, ours in _ours(options, http).items():
        if name not in given and accepts(made, name):
            given[name] = ours
    for name, parameter in inspect.signature(made).parameters.items():
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty and name not in given:
            raise ProviderError(PROVIDER, f"{made.__name__} needs the argument {name!r}", retriable=False)
    try:
        return made(**given)
    except Exception as error:  # noqa: BLE001 - whatever a constructor raises, and its text may hold what it was given
        what = f"{made.__name__} could not be made of these arguments ({type(error).__name__})"
        raise ProviderError(PROVIDER, what, retriable=False) from None


def _ours(options: ServiceOptions, http: ClientSession) -> Mapping[str, Any]:
    return {
        "api_key": options.api_key.get_secret_value() or "none",  # the SDKs insist on one
        "aiohttp_session": http,
        "audio_passthrough": False,
        "reconnect_on_error": False,  # what breaks in a call is told at once, and whoever asked decides
        "push_empty_transcripts": True,  # a stretch of speech without words is told too
    }


def _found(dotted: str, kind: Kind) -> type[AIService]:
    module, _, name = dotted.rpartition(".")
    wanted_module, _, wanted = kind.partition(".")
    try:
        found = getattr(_imported(module), name, None)
    except Exception as error:  # noqa: BLE001 - Pipecat's modules raise bare exceptions where an SDK is not installed
        what = f"{dotted} cannot be imported here ({type(error).__name__})"
        raise ProviderError(PROVIDER, what, retriable=False) from None
    family = getattr(_imported(f"pipecat.services.{wanted_module}"), wanted)
    if not isinstance(found, type) or not issubclass(found, family) or inspect.isabstract(found):
        raise ProviderError(PROVIDER, f"{dotted} is no {wanted}", retriable=False)
    return found


def _imported(module: str) -> Any:
    """Pipecat logs through a logger of its own, prompts and transcripts among it: that one is never heard."""
    from loguru import logger

    logger.disable("pipecat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return import_module(module)


def _typed(made: type, name: str, value: Any) -> Any:
    """JSON as the constructor wants it: a dataclass, a pydantic model, an enum. Raises ProviderError."""
    wanted = _annotation(made, name)
    if wanted is None:
        raise ProviderError(PROVIDER, f"{made.__name__} takes no argument {name!r}", retriable=False)
    try:
        return _shaped(wanted, value, name)
    except _UnfitError as error:
        raise ProviderError(PROVIDER, f"{made.__name__} takes no such {error}", retriable=False) from None


class _UnfitError(Exception):
    """Its text is the place, never the value."""


def _shaped(wanted: Any, value: Any, place: str) -> Any:
    for choice in (wanted, *get_args(wanted)):
        if is_dataclass(choice) and isinstance(choice, type) and isinstance(value, dict):
            kinds = {field.name: field.type for field in fields(choice) if field.init}
            if strange := next((name for name in value if name not in kinds), ""):
                raise _UnfitError(f"{place}.{strange}")
            return choice(**{name: _shaped(kinds[name], part, f"{place}.{name}") for name, part in value.items()})
    if isinstance(wanted, str):  # what Pipecat itself names only for type checkers: taken as it comes
        return value
    try:
        return TypeAdapter(wanted, config=_config(wanted)).validate_python(value)
    except ValidationError:
        raise _UnfitError(place) from None
    except PydanticUserError:
        return value


def _config(wanted: Any) -> ConfigDict | None:
    """A pydantic model has its own."""
    return None if isinstance(wanted, type) and issubclass(wanted, BaseModel) else _ARBITRARY


_ARBITRARY = ConfigDict(arbitrary_types_allowed=True)


def _annotation(made: type, name: str) -> Any:
    """What type a constructor's argument has; Any where it says none; None if there is no such argument."""
    for each in made.__mro__:
        if "__init__" not in vars(each):
            continue
        parameters = inspect.signature(each.__init__).parameters  # type: ignore[misc]
        named = parameters.get(name)
        if named is not None and named.kind not in (named.VAR_KEYWORD, named.VAR_POSITIONAL):
            if isinstance(named.annotation, str):
                return get_type_hints(each.__init__, localns=dict(vars(each)))[name]  # type: ignore[misc]
            return Any if named.annotation is named.empty else named.annotation
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            return None
    return None
