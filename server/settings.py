"""The one place that reads the environment: `VAANI_*`, and `vaani.toml` in the working directory below it."""

from __future__ import annotations

import os
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import phonenumbers
from pydantic import BeforeValidator, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from control_api.access.addresses import trusted_networks
from control_api.access.limits import Rules
from server.outside import Exotel, ObjectStore, Smtp, WebRtc, lower
from server.setting_names import FILE, PREFIX, SettingsError, refuse_unknown, sentence
from storage.recording_store import Bucket
from storage.sealing import key_from
from transports.simulator.fates import Mix

DRAIN_CAP = 1800
"""Seconds: no call is waited for longer than half an hour."""


class Settings(BaseSettings):
    """Everything that is decided where the server is deployed. Read once, at start."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="_",
        env_nested_max_split=1,
        env_ignore_empty=True,
        toml_file=FILE,
        frozen=True,
        extra="forbid",
        hide_input_in_errors=True,
    )

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    """0 takes any free one."""
    public_url: str | None = None
    """How the outside reaches this server; None: by host and port."""
    data_dir: Path = Path("data")
    database_url: SecretStr | None = None
    """None: an SQLite file in the data folder."""
    models_dir: Path = Path.home() / ".cache" / "vaani"
    bootstrap_api_key: SecretStr | None = None
    """The first organisation's first key, instead of a random one."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], BeforeValidator(lower)] = "info"
    log_format: Annotated[Literal["json", "text"], BeforeValidator(lower)] | None = None
    """None: text on a terminal, else JSON."""

    node: str | None = Field(default=None, min_length=1)
    """Name of this process among others on one database, the same after a restart; None: one in the data folder."""
    workers: int = Field(default=1, ge=1, le=64)
    """Processes that answer on one port of this machine; more than one need Redis and PostgreSQL."""
    metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where the first process shows /metrics alone, the next one at the next port; None: nowhere but at `port`."""
    max_calls: int = Field(default=200, ge=1)
    """Live calls of this process; more are refused before they are answered."""
    country: str = "IN"
    """Two letters: whose numbers a carrier gives without a country code."""
    max_call_seconds: float = Field(default=3600, gt=0, allow_inf_nan=False)
    drain_seconds: float = Field(default=DRAIN_CAP, ge=0, le=DRAIN_CAP)
    """How long calls may go on after SIGTERM."""
    price_per_minute: Decimal = Field(default=Decimal(0), ge=0, le=10_000, decimal_places=4)
    """Credits for a minute of talk."""
    price_per_attempt: Decimal = Field(default=Decimal(0), ge=0, le=10_000, decimal_places=4)
    """Credits for a call that the carrier accepts, answered or not."""
    ring_seconds: int = Field(default=45, ge=5, le=300)
    """How long an outgoing call rings."""
    simulator: bool | None = None
    """The simulated carrier can be called by; None: while an organisation has no real one connected."""
    simulator_mix: str = "answer=55,no-answer=20,busy=10,voicemail=10,failed=3,silent=2"
    """What becomes of calls to simulated numbers, in parts."""
    simulator_seed: int = 0
    simulator_speed: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """How much faster pretend time goes by; 0: nothing is waited for."""
    stt_threads: int = Field(default=2, ge=1, le=64)
    """Threads of the embedded recogniser, for all calls."""

    redis_url: SecretStr | None = None
    """Shared by processes that work together; None: each keeps to its own memory."""
    rate_limits: str = "on"
    """`on`, `off`, or overrides of the documented limits: `default=1000/minute, POST /flows=50/minute`."""
    trusted_proxies: str = ""
    """Networks whose `X-Forwarded-For` is believed, with commas between: `10.0.0.0/8, 127.0.0.1`."""
    encryption_key: SecretStr | None = None
    """Base64 of the 32 bytes that credentials at rest are sealed with; None: a file in the data folder.

    Several with commas between: the first one seals, all of them open.
    """
    allow_private_webhooks: bool = False
    """Webhooks may lead to `http://` and to private addresses: for development and tests."""
    firebase_project: str | None = None
    """Whose ID tokens sign in; None: API keys only."""

    browser_origins: str = ""
    """Origins whose pages may make calls by WebRTC, with commas between: `https://www.example.com`; `*`: all."""

    knowledge_dir: Path | None = None
    """Where agents look things up: `<organisation id>/<name>/`. None: `knowledge` in the data folder."""
    cloning_model: Path | None = None
    """Folder of Chatterbox's ONNX weights: this machine makes and speaks cloned voices itself. None: it does not."""

    recordings_url: str | None = Field(default=None, pattern=r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[!-~]*)?$")
    """A bucket, and a prefix in it: s3://bucket/prefix. None: recordings stay in the data folder."""

    exotel: Exotel = Exotel()
    s3: ObjectStore = ObjectStore()
    smtp: Smtp = Smtp()
    webrtc: WebRtc = WebRtc()

    @field_validator("public_url")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("it is written like https://voice.example.com")
        return value.rstrip("/")

    @field_validator("bootstrap_api_key")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"nn_k_[!-~]{32,}", value.get_secret_value()):
            raise ValueError("a key is nn_k_ and 32 or more characters")
        return value

    @field_validator("country")
    @classmethod
    def _with_phones(cls, value: str) -> str:
        if not phonenumbers.country_code_for_region(value.upper()):
            raise ValueError("it is two letters, as in IN")
        return value.upper()

    @field_validator("encryption_key")
    @classmethod
    def _whole_keys(cls, value: SecretStr | None) -> SecretStr | None:
        for text in value.get_secret_value().split(",") if value is not None else ():
            key_from(text)
        return value

    @field_validator("simulator_mix")
    @classmethod
    def _a_mix(cls, value: str) -> str:
        Mix.parse(value)
        return value

    @field_validator("browser_origins")
    @classmethod
    def _origins(cls, value: str) -> str:
        origins = [origin.strip() for origin in value.split(",")] if value else []
        if not all(re.fullmatch(r"\*|https?://[^\s/?#]+", origin) for origin in origins):
            raise ValueError("it is written like https://www.example.com, with commas between, without a path")
        return ",".join(origins)

    @field_validator("redis_url")
    @classmethod
    def _a_redis(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _leads_to_redis(value.get_secret_value()):
            raise ValueError("it is written like redis://127.0.0.1:6379/0, rediss://… or unix:///run/redis.sock")
        return value

    @field_validator("rate_limits")
    @classmethod
    def _limits(cls, value: str) -> str:
        Rules.parse(value)
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        trusted_networks(value)
        return value

    @classmethod
    def load(cls) -> Settings:
        """Raises SettingsError."""
        refuse_unknown(cls, os.environ)
        try:
            return cls()
        except ValidationError as error:
            raise SettingsError(sentence(cls, error, os.environ)) from None
        except tomllib.TOMLDecodeError as error:
            raise SettingsError(f"{FILE} is not TOML: {error}.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{FILE} cannot be read: {type(error).__name__}.") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def database(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.data_dir / 'vaani.db'}"

    @property
    def knowledge(self) -> Path:
        return self.knowledge_dir or self.data_dir / "knowledge"

    @property
    def bucket(self) -> Bucket | None:
        """Where recordings go once their calls are over; None: they stay."""
        if self.recordings_url is None:
            return None
        name, _, prefix = self.recordings_url.removeprefix("s3://").partition("/")
        return Bucket(
            name,
            prefix.strip("/"),
            endpoint=self.s3.endpoint or None,
            region=self.s3.region or None,
            access_key=self.s3.access_key or None,
            secret_key=self.s3.secret_key.get_secret_value() or None,
        )

    @property
    def url(self) -> str:
        """How the outside reaches this server, without a slash at the end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.public_url or f"http://{host}:{self.port}"


def _leads_to_redis(url: str) -> bool:
    try:
        parts = urlsplit(url)
        known = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if parts.scheme == "unix":
        return bool(parts.path)
    return (
        parts.scheme in ("redis", "rediss")
        and bool(parts.hostname)
        and known
        and bool(re.fullmatch(r"(/\d*)?", parts.path))
    )
