from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from control_api.links.signature import signed
from tests.control_api.receivers import SECRET

BODY = '{"event":"call.ended","data":{"name":"राम"}}'.encode()
OWN = "a-secret-of-their-own"


def test_the_published_vector_comes_out() -> None:
    """Of Standard Webhooks' specification."""
    at = datetime.fromtimestamp(1614265330, UTC)
    headers = signed(
        b'{"test": 2432232314}',
        event="msg_p5jXN8AQM9LWM0D4loKWxJek",
        at=at,
        secrets=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(("secret", "given"), [(SECRET, SECRET), (OWN, OWN.encode())])
def test_the_public_library_verifies(secret: str, given: str | bytes) -> None:
    headers = signed(BODY, event="evt_1", at=datetime.now(UTC), secrets=[secret])
    assert Webhook(given).verify(BODY, headers)["event"] == "call.ended"
    with pytest.raises(WebhookVerificationError):
        Webhook(given).verify(BODY + b" ", headers)
    late = signed(BODY, event="evt_1", at=datetime.now(UTC) - timedelta(minutes=6), secrets=[secret])
    with pytest.raises(WebhookVerificationError):
        Webhook(given).verify(BODY, late)


@pytest.mark.parametrize("secret", [SECRET, OWN])
def test_the_documents_header_is_the_hmac_of_the_raw_body(secret: str) -> None:
    headers = signed(BODY, event="evt_1", at=datetime.now(UTC), secrets=[secret])
    assert headers["X-NN-Signature"] == "sha256=" + hmac.new(secret.encode(), BODY, hashlib.sha256).hexdigest()
    assert "X-NN-Signature-Previous" not in headers


def test_during_a_rotation_both_secrets_verify() -> None:
    headers = signed(BODY, event="evt_1", at=datetime.now(UTC), secrets=[SECRET, OWN])
    for given in (SECRET, OWN.encode()):
        Webhook(given).verify(BODY, headers)
    assert headers["X-NN-Signature"] == "sha256=" + hmac.new(SECRET.encode(), BODY, hashlib.sha256).hexdigest()
    assert headers["X-NN-Signature-Previous"] == "sha256=" + hmac.new(OWN.encode(), BODY, hashlib.sha256).hexdigest()
