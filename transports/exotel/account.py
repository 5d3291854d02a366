"""An account with Exotel, and how it places calls."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import quote, urlsplit

HOSTS = ("api.exotel.com", "api.in.exotel.com")
"""Singapore and Mumbai. An account lives in one of them."""


@dataclass(frozen=True, slots=True)
class ExotelAccount:
    """Raises ValueError, which names the field."""

    sid: str
    api_key: str
    api_token: str = field(repr=False)
    subdomain: str = HOSTS[0]
    mode: Literal["flow", "direct"] = "flow"
    """`flow` runs the App Bazaar flow `app_id` on the answer, `direct` opens our socket at once."""
    app_id: str = ""
    base_url: str = ""
    """Instead of https and the subdomain: a stand-in for Exotel."""

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", self.sid):
            raise ValueError("sid must be 1 to 80 letters, digits, hyphens or underscores")
        if not self.api_key or ":" in self.api_key:
            raise ValueError("api_key must not be empty nor hold a colon")
        if not self.api_token:
            raise ValueError("api_token must not be empty")
        if self.subdomain not in HOSTS:
            raise ValueError(f"subdomain must be one of {', '.join(HOSTS)}")
        if self.mode == "flow" and not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", self.app_id):
            raise ValueError("app_id must name the flow of a call")
        if self.base_url and urlsplit(self.base_url).scheme not in ("http", "https"):
            raise ValueError("base_url must begin with http:// or https://")

    @property
    def root(self) -> str:
        """Of every URL, without a slash at its end."""
        return self.base_url.rstrip("/") or f"https://{self.subdomain}"

    @property
    def calls(self) -> str:
        """The path under which calls stand."""
        return f"/v1/Accounts/{self.sid}/Calls"

    def details(self, carrier_call: str) -> str:
        return f"{self.root}{self.calls}/{quote(carrier_call, safe='')}.json"

    @property
    def flow(self) -> str:
        """What a call runs when it is answered. Not to be fetched: Exotel takes no other form."""
        return f"http://my.exotel.com/{self.sid}/exoml/start_voice/{self.app_id}"

    @property
    def authorization(self) -> str:
        return "Basic " + b64encode(f"{self.api_key}:{self.api_token}".encode()).decode()
