"""What a delivery is signed with: the documents' own header, and those of Standard Webhooks."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence
from datetime import datetime

SECRET_START = "whsec_"  # noqa: S105 - how secrets of Standard Webhooks begin: the rest is base64


def signed(body: bytes, *, event: str, at: datetime, secrets: Sequence[str]) -> dict[str, str]:
    """Headers over the body as it is sent. The first secret is the present one; others are still good.

    `X-NN-Signature` is by the present one alone, since many compare all of it; the one before it has
    `X-NN-Signature-Previous`. `webhook-signature` holds one by each.
    """
    moment = str(int(at.timestamp()))
    content = b".".join((event.encode(), moment.encode(), body))
    versions = [f"v1,{base64.b64encode(_mac(key_of(secret), content)).decode()}" for secret in secrets]
    headers = {
        "webhook-id": event,
        "webhook-timestamp": moment,
        "webhook-signature": " ".join(versions),
    }
    for name, secret in zip(("X-NN-Signature", "X-NN-Signature-Previous"), secrets, strict=False):
        headers[name] = f"sha256={_mac(secret.encode(), body).hex()}"
    return headers


def key_of(secret: str) -> bytes:
    """What Standard Webhooks signs with: what stands in base64 behind `whsec_`, else the text itself."""
    if secret.startswith(SECRET_START):
        return base64.b64decode(secret.removeprefix(SECRET_START))
    return secret.encode()


def _mac(key: bytes, content: bytes) -> bytes:
    return hmac.digest(key, content, "sha256")
