"""The servers that help two ends behind routers to find each other."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class IceServers:
    """Empty: none, and only addresses that reach each other directly will do."""

    stun: str = ""
    turn: str = ""
    turn_user: str = ""
    turn_password: str = field(default="", repr=False)

    def shown(self) -> list[dict[str, str]]:
        """As a browser's RTCPeerConnection takes them."""
        servers = [{"urls": self.stun}] if self.stun else []
        if self.turn:
            servers.append({"urls": self.turn, "username": self.turn_user, "credential": self.turn_password})
        return servers


NO_SERVERS = IceServers()
