"""Settings of what stands outside: the carrier, the mail server, the object store, helpers of WebRTC."""

from __future__ import annotations

import re
from email.utils import parseaddr
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator


def lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


class Exotel(BaseModel, frozen=True, extra="forbid"):
    """What Exotel shows when it connects, and how it is spoken to."""

    token: SecretStr = SecretStr("")
    """The last part of the path /ws/exotel/{token}; empty: not asked for."""
    user: str = ""
    password: SecretStr = SecretStr("")
    """Of the Basic authentication in the applet's URL; empty: not asked for."""
    chunk_bytes: int = Field(default=1600, ge=320, le=100_000, multiple_of=320)
    """Sound in one message at 8 kHz: 1600 bytes are 100 ms."""
    lead_seconds: float = Field(default=0.2, ge=0.02, le=5)
    """How far ahead of what is heard the sound is sent."""
    outbound_shape: Literal["extended", "minimal"] = "extended"
    url: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    """Where its REST interface is, if not at the address of the account's region: a proxy, or a stand-in."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("VAANI_EXOTEL_USER and VAANI_EXOTEL_PASSWORD are given together or not at all")
        return self


class WebRtc(BaseModel, frozen=True, extra="forbid"):
    """Servers that help browsers behind routers to reach this one, and this one to reach them."""

    stun: str = Field(default="", pattern=r"^(stuns?:[!-~]+)?$")
    """As stun:stun.example.com:3478. Empty: none is asked."""
    turn: str = Field(default="", pattern=r"^(turns?:[!-~]+)?$")
    """As turn:turn.example.com:3478?transport=udp. Empty: nothing is relayed."""
    turn_user: str = ""
    turn_password: SecretStr = SecretStr("")
    """Shown to whoever may make a call."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        given = {bool(self.turn), bool(self.turn_user), bool(self.turn_password.get_secret_value())}
        if len(given) > 1:
            raise ValueError("VAANI_WEBRTC_TURN, …_TURN_USER and …_TURN_PASSWORD are given together or not at all")
        if "?" in self.stun:
            raise ValueError("VAANI_WEBRTC_STUN takes no ?transport=")
        return self


class Smtp(BaseModel, frozen=True, extra="forbid", populate_by_name=True):
    """The mail server that letters to the owner go through."""

    host: str = ""
    """Empty: no letters are sent."""
    port: int | None = Field(default=None, ge=1, le=65535)
    """None: 587, 465 or 25, by `tls`."""
    user: str = ""
    password: SecretStr = SecretStr("")
    sender: str = Field(default="", alias="from")
    """An address, perhaps with a name: `Vaani <vaani@example.com>`."""
    tls: Annotated[Literal["starttls", "tls", "none"], BeforeValidator(lower)] = "starttls"
    """How the way there is kept secret. Nothing is sent if it cannot be."""

    @field_validator("sender")
    @classmethod
    def _one_address(cls, value: str) -> str:
        if value and (not value.isprintable() or not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(value)[1])):
            raise ValueError("it is written like vaani@example.com or Vaani <vaani@example.com>")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.host) != bool(self.sender):
            raise ValueError("VAANI_SMTP_HOST and VAANI_SMTP_FROM are given together or not at all")
        if bool(self.user) != bool(self.password.get_secret_value()):
            raise ValueError("VAANI_SMTP_USER and VAANI_SMTP_PASSWORD are given together or not at all")
        return self


class ObjectStore(BaseModel, frozen=True, extra="forbid"):
    """The object store of recordings. What is empty comes from the environment that Amazon's own tools read."""

    endpoint: str = Field(default="", pattern=r"^(https?://[!-~]+)?$")
    """Of a store that is not Amazon's."""
    region: str = ""
    access_key: str = ""
    secret_key: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.access_key) != bool(self.secret_key.get_secret_value()):
            raise ValueError("VAANI_S3_ACCESS_KEY and VAANI_S3_SECRET_KEY are given together or not at all")
        return self
