"""Text that this server has signed, and knows again when it comes back from outside."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class Signer:
    """HMAC-SHA256, with a key of its own for each purpose: what was signed for one is worth nothing to another."""

    def __init__(self, keys: Sequence[bytes], purpose: str) -> None:
        """The first of the keys signs, all of them know what they signed. At least one."""
        made = [HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key) for key in keys]
        self._codes = [hmac.new(key, digestmod=hashlib.sha256) for key in made]

    def sign(self, text: str) -> str:
        """43 letters and digits of base64url."""
        return _signature(self._codes[0], text)

    def knows(self, text: str, signature: str) -> bool:
        """Compared in constant time."""
        shown = signature.encode("utf-8", "replace")
        return any(hmac.compare_digest(_signature(code, text).encode(), shown) for code in self._codes)


def _signature(code: hmac.HMAC, text: str) -> str:
    own = code.copy()
    own.update(text.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(own.digest()).rstrip(b"=").decode()
