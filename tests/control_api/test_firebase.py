"""Offline: our own key pairs, published by a server of our own."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import jwt
import pytest
from aiohttp import ClientSession, ClientTimeout, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from control_api.access import firebase
from control_api.access.firebase import FirebaseUser, FirebaseVerifier, NotVerifiedError
from storage.records import Scope
from tests.patience import until

PROJECT = "vaani-test"
NOW = 1_772_357_400.0
CLAIMS = {
    "iss": f"https://securetoken.google.com/{PROJECT}",
    "aud": PROJECT,
    "sub": "uid-1",
    "iat": int(NOW) - 60,
    "auth_time": int(NOW) - 120,
    "exp": int(NOW) + 3540,
    "email": "someone@example.com",
    "email_verified": True,
    "firebase": {"sign_in_provider": "password", "identities": {}},
    "organisation_uuid": "org_1",
    "scopes": ["voice:calls:read", "voice:agents:write"],
}
MISSING = object()


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024 if name == "short" else 2048)


def certificate(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "securetoken.system.gserviceaccount.com")])
    start = datetime.fromtimestamp(NOW, UTC) - timedelta(days=1)
    builder = x509.CertificateBuilder(who, who, private.public_key(), 1, start, start + timedelta(days=16))
    return builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM).decode()


def token(signer: str = "one", headers: dict[str, Any] | None = None, **claims: Any) -> str:
    """A good one, but for what is said."""
    body = {name: value for name, value in (CLAIMS | claims).items() if value is not MISSING}
    return jwt.encode(body, key(signer), "RS256", {"kid": signer} | (headers or {}))


def part(data: bytes | dict[str, Any]) -> str:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def signed(header: bytes | dict[str, Any], payload: bytes | dict[str, Any]) -> str:
    """With a good signature, whatever it is under."""
    message = f"{part(header)}.{part(payload)}"
    return f"{message}.{part(jwt.get_algorithm_by_name('RS256').sign(message.encode(), key('one')))}"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@dataclass
class Source:
    """What Google is to us. Counts how often it was asked."""

    url: str = ""
    keys: list[str] = field(default_factory=lambda: ["one"])
    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "public, max-age=3600, must-revalidate"})
    body: bytes | None = None
    status: int = 200
    fetches: int = 0
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        self.fetches += 1
        await self.open.wait()
        body = json.dumps({name: certificate(key(name)) for name in self.keys}).encode()
        return web.Response(body=self.body or body, status=self.status, headers=self.headers)


@dataclass
class Desk:
    verifier: FirebaseVerifier
    source: Source
    clock: Clock
    http: ClientSession

    async def refusal(self, text: str) -> str:
        with pytest.raises(NotVerifiedError) as error:
            await self.verifier.verify(text)
        return str(error.value)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    source, clock = Source(), Clock()
    source.open.set()
    app = web.Application()
    app.add_routes([web.get("/keys", source.answer)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    source.url = f"http://127.0.0.1:{runner.addresses[0][1]}/keys"
    async with ClientSession() as http:
        yield Desk(FirebaseVerifier(PROJECT, http, keys_url=source.url, clock=clock), source, clock, http)
    await runner.cleanup()


async def test_a_good_token_says_who_and_whose_and_what_for(desk: Desk) -> None:
    user = await desk.verifier.verify(token())
    assert user == FirebaseUser("uid-1", "org_1", frozenset({Scope.CALLS_READ, Scope.AGENTS_WRITE}))
    assert "someone" not in repr(user)


@pytest.mark.parametrize(
    ("scopes", "known"),
    [
        ("voice:calls:read voice:keys:write", {Scope.CALLS_READ, Scope.KEYS_WRITE}),
        (["voice:calls:read", "voice:everything", ""], {Scope.CALLS_READ}),
        ("voice:calls", set()),
        ([], set()),
        ("", set()),
        (MISSING, set()),
    ],
)
async def test_scopes_are_a_list_or_words_and_unknown_ones_are_ignored(desk: Desk, scopes: Any, known: Any) -> None:
    assert (await desk.verifier.verify(token(scopes=scopes))).scopes == known


@pytest.mark.parametrize("email", [MISSING, None, "someone@example.com"])
async def test_a_user_needs_no_email(desk: Desk, email: Any) -> None:
    assert (await desk.verifier.verify(token(email=email))).subject == "uid-1"


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "another"}, "another project's"),
        ({"aud": [PROJECT]}, "bad claims"),
        ({"aud": MISSING}, "bad claims"),
        ({"iss": "https://securetoken.google.com/another"}, "another project's"),
        ({"iss": f"https://session.firebase.google.com/{PROJECT}"}, "another project's"),
        ({"iss": MISSING}, "bad claims"),
        ({"exp": int(NOW) - 10}, "expired"),
        ({"exp": MISSING}, "bad claims"),
        ({"exp": None}, "bad claims"),
        ({"exp": str(int(NOW) + 3540)}, "bad claims"),
        ({"exp": True}, "bad claims"),
        ({"exp": -1}, "expired"),
        ({"iat": int(NOW) + 11}, "not yet good"),
        ({"iat": MISSING}, "bad claims"),
        ({"auth_time": int(NOW) + 11}, "not yet good"),
        ({"auth_time": MISSING}, "bad claims"),
        ({"sub": ""}, "bad claims"),
        ({"sub": "x" * 129}, "bad claims"),
        ({"sub": 7}, "bad claims"),
        ({"sub": MISSING}, "bad claims"),
        ({"organisation_uuid": MISSING}, "bad claims"),
        ({"organisation_uuid": ""}, "bad claims"),
        ({"organisation_uuid": None}, "bad claims"),
        ({"organisation_uuid": ["org_1"]}, "bad claims"),
        ({"organisation_uuid": "org_1\0"}, "bad claims"),
        ({"organisation_uuid": "org_1\n"}, "bad claims"),
        ({"scopes": [7]}, "bad claims"),
        ({"scopes": {"voice:calls:read": True}}, "bad claims"),
        ({"scopes": None}, "bad claims"),
    ],
)
async def test_each_claim_must_be_right(desk: Desk, claims: dict[str, Any], why: str) -> None:
    assert await desk.refusal(token(**claims)) == why


async def test_clocks_may_be_ten_seconds_apart(desk: Desk) -> None:
    late = token(exp=int(NOW) - 9, iat=int(NOW) + 10, auth_time=int(NOW) + 10, sub="x" * 128)
    assert (await desk.verifier.verify(late)).subject == "x" * 128


HEADER = {"alg": "RS256", "kid": "one", "typ": "JWT"}


def unsigned(alg: str) -> str:
    return f"{part(HEADER | {'alg': alg})}.{part(CLAIMS)}."


def with_hmac() -> str:
    """Signed with what everybody knows: the public key, as if it were a shared secret."""
    message = f"{part(HEADER | {'alg': 'HS256'})}.{part(CLAIMS)}"
    public = certificate(key("one")).encode()
    return f"{message}.{part(hmac.digest(public, message.encode(), hashlib.sha256))}"


def changed() -> str:
    head, _, signature = token().split(".")
    return f"{head}.{part(CLAIMS | {'organisation_uuid': 'org_2'})}.{signature}"


ATTACKS: dict[str, Callable[[], str]] = {
    "unsigned": lambda: unsigned("none"),
    "unsigned, in capitals": lambda: unsigned("NONE"),
    "unsigned, as if signed": lambda: unsigned("RS256"),
    "public key as a secret": with_hmac,
    "another algorithm": lambda: jwt.encode(CLAIMS, key("one"), "RS512", {"kid": "one"}),
    "another padding": lambda: jwt.encode(CLAIMS, key("one"), "PS256", {"kid": "one"}),
    "another's signature": lambda: token("two", {"kid": "one"}),
    "changed claims": changed,
    "its own key": lambda: token(
        "two", {"kid": "one", "jwk": json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key("two").public_key()))}
    ),
    "no signature": lambda: token().rpartition(".")[0],
    "empty signature": lambda: token().rpartition(".")[0] + ".",
    "more parts": lambda: token() + ".x",
    "no key id": lambda: jwt.encode(CLAIMS, key("one"), "RS256"),
    "key id is a number": lambda: signed(HEADER | {"kid": 1}, CLAIMS),
    "key id is null": lambda: signed(HEADER | {"kid": None}, CLAIMS),
    "key id is a list": lambda: signed(HEADER | {"kid": ["one"]}, CLAIMS),
    "algorithm is a list": lambda: signed(HEADER | {"alg": ["RS256"]}, CLAIMS),
    "algorithm is missing": lambda: signed({"kid": "one"}, CLAIMS),
    "critical header": lambda: signed(HEADER | {"crit": ["x"], "x": 1}, CLAIMS),
    "detached": lambda: signed(HEADER | {"b64": False, "crit": ["b64"]}, b""),
    "header is a list": lambda: signed(b"[]", CLAIMS),
    "header is deep": lambda: signed(b'{"a":' + b"[" * 4000, CLAIMS),
    "header is no JSON": lambda: signed(b"\xff\xfe", CLAIMS),
    "claims are a list": lambda: signed(HEADER, b"[]"),
    "claims are no JSON": lambda: signed(HEADER, b"\xff"),
    "claims are deep": lambda: signed(HEADER, b'{"a":' + b"[" * 4000),
    "claims are empty": lambda: signed(HEADER, b""),
    "endless expiry": lambda: signed(HEADER, json.dumps(CLAIMS).replace(str(CLAIMS["exp"]), "1e999").encode()),
    "expiry is no number": lambda: signed(HEADER, json.dumps(CLAIMS).replace(str(CLAIMS["exp"]), "NaN").encode()),
    "half a character": lambda: signed(HEADER, json.dumps(CLAIMS | {"sub": "\ud800"}).encode()),
    "not base64": lambda: "!!!.???.***",
    "no token": lambda: "",
    "dots": lambda: "..",
    "many dots": lambda: "." * 8000,
    "half a character outside": lambda: "\udcff.a.b",
    "letters beyond ASCII": lambda: token() + "é",
    "line end": lambda: token() + "\n",
    "huge": lambda: token(filler="x" * 8192),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_each_attack_is_refused_in_one_way(desk: Desk, attack: str) -> None:
    await desk.refusal(ATTACKS[attack]())
    assert await desk.verifier.verify(token())


async def test_a_token_just_not_too_long_is_good(desk: Desk) -> None:
    filler = "x" * (firebase.TOKEN_BYTES * 3 // 4 - 800)
    assert len(token(filler=filler)) > firebase.TOKEN_BYTES - 600
    assert await desk.verifier.verify(token(filler=filler))


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
async def test_nothing_else_is_ever_raised(desk: Desk, data: st.DataObject) -> None:
    good = token()
    json_like = st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
        max_leaves=5,
    )
    claim = st.sampled_from(sorted(CLAIMS))
    names = st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jku"])
    text = data.draw(
        st.text()
        | st.text(alphabet=".eyJ_-A=", max_size=200)
        | st.integers(0, len(good) - 2).map(lambda at: good[:at] + good[at + 1 :])
        | st.tuples(claim, json_like).map(lambda pair: signed(HEADER, CLAIMS | {pair[0]: pair[1]}))
        | st.tuples(names, json_like).map(lambda pair: signed(HEADER | {pair[0]: pair[1]}, CLAIMS))
    )
    try:
        user = await desk.verifier.verify(text)
    except NotVerifiedError:
        return
    assert user.subject
    assert user.organisation


async def test_keys_are_fetched_once_for_as_long_as_their_source_says(desk: Desk) -> None:
    assert desk.source.fetches == 0
    for _ in range(3):
        await desk.verifier.verify(token())
    desk.clock.now += 3599
    await desk.verifier.verify(token(exp=int(NOW) + 9000))
    assert desk.source.fetches == 1
    desk.clock.now += 1
    await desk.verifier.verify(token(exp=int(NOW) + 9000))
    assert desk.source.fetches == 2


async def test_a_key_that_is_published_no_more_opens_nothing_after_that(desk: Desk) -> None:
    await desk.verifier.verify(token())
    desk.source.keys = ["two"]
    desk.clock.now += 3600
    assert await desk.refusal(token(exp=int(NOW) + 9000)) == "unknown key"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Cache-Control": "max-age=600"}, 600),
        ({"Cache-Control": "Public, MAX-AGE=600"}, 600),
        ({"Cache-Control": "s-maxage=9, max-age=600"}, 600),
        ({"Cache-Control": "max-age=600", "Age": "200"}, 400),
        ({"Cache-Control": "max-age=600", "Age": "soon"}, 600),
        ({"Cache-Control": "max-age=999999999999"}, 86_400),
        ({"Cache-Control": "no-cache"}, 10),
        ({"Cache-Control": "max-age=never"}, 10),
        ({}, 10),
    ],
)
async def test_how_long_keys_are_kept(desk: Desk, headers: dict[str, str], seconds: int) -> None:
    desk.source.headers = headers
    await desk.verifier.verify(token())
    desk.clock.now += seconds - 1
    await desk.verifier.verify(token(exp=int(NOW) + 200_000))
    assert desk.source.fetches == 1
    desk.clock.now += 1
    await desk.verifier.verify(token(exp=int(NOW) + 200_000))
    assert desk.source.fetches == 2


async def test_who_comes_while_keys_are_fetched_waits_for_the_same_ones(desk: Desk) -> None:
    desk.source.open.clear()
    waiting = [asyncio.create_task(desk.verifier.verify(token())) for _ in range(20)]
    await until(lambda: desk.source.fetches == 1)
    desk.source.open.set()
    async with asyncio.timeout(5):
        users = await asyncio.gather(*waiting)
    assert len(users) == 20
    assert desk.source.fetches == 1


async def test_who_leaves_while_keys_are_fetched_takes_them_from_nobody(desk: Desk) -> None:
    desk.source.open.clear()
    first, second = (asyncio.create_task(desk.verifier.verify(token())) for _ in range(2))
    await until(lambda: desk.source.fetches == 1)
    first.cancel()
    desk.source.open.set()
    async with asyncio.timeout(5):
        assert await second
    assert first.cancelled()


async def test_a_new_key_is_fetched_when_it_first_comes_and_strangers_cause_one_fetch_a_minute(desk: Desk) -> None:
    await desk.verifier.verify(token())
    desk.source.keys = ["one", "two"]
    desk.clock.now += 59
    assert await desk.refusal(token("two")) == "unknown key"
    assert desk.source.fetches == 1
    desk.clock.now += 1
    assert await desk.verifier.verify(token("two"))
    assert desk.source.fetches == 2
    for number in range(50):
        assert await desk.refusal(token(headers={"kid": f"made up {number}"})) == "unknown key"
    assert desk.source.fetches == 2
    desk.clock.now += 60
    for number in range(50):
        await desk.refusal(token(headers={"kid": f"made up {number}"}))
    assert desk.source.fetches == 3


@pytest.mark.parametrize("trouble", ["down", "503", "no JSON", "a list", "no keys", "no certificate", "EC", "short"])
async def test_old_keys_are_kept_when_their_source_fails(
    desk: Desk, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    await desk.verifier.verify(token())
    desk.clock.now += 3600
    bodies = {
        "no JSON": b"<html>",
        "a list": b'["one"]',
        "no keys": b"{}",
        "no certificate": b'{"one": "-----BEGIN CERTIFICATE-----"}',
        "EC": json.dumps({"one": certificate(ec.generate_private_key(ec.SECP256R1()))}).encode(),
        "short": json.dumps({"one": certificate(key("short"))}).encode(),
    }
    desk.source.body = bodies.get(trouble)
    desk.source.status = 503 if trouble == "503" else 200
    if trouble == "down":
        desk.verifier._keys._url = "http://127.0.0.1:1/keys"
    text = token(exp=int(NOW) + 9000)
    assert await desk.verifier.verify(text)
    assert [record.getMessage() for record in caplog.records] == ["the keys of Firebase could not be fetched"]
    assert await desk.verifier.verify(text)
    assert len(caplog.records) == 1
    desk.clock.now += 10
    assert await desk.verifier.verify(text)
    assert len(caplog.records) == 2


async def test_without_any_keys_nobody_is_verified_until_their_source_is_back(desk: Desk) -> None:
    desk.source.status = 500
    assert await desk.refusal(token()) == "unknown key"
    desk.source.status = 200
    assert await desk.refusal(token()) == "unknown key"
    assert desk.source.fetches == 1
    desk.clock.now += 10
    assert await desk.verifier.verify(token())


async def test_a_source_that_hangs_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(firebase, "FETCH", ClientTimeout(total=0.05))
    desk.source.open.clear()
    async with asyncio.timeout(5):
        assert await desk.refusal(token()) == "unknown key"
    desk.source.open.set()


async def test_a_clock_that_is_set_back_keeps_no_keys_for_ever(desk: Desk) -> None:
    desk.clock.now += 10**9
    await desk.refusal(token())
    desk.clock.now = NOW
    desk.source.keys = ["two"]
    assert await desk.verifier.verify(token("two"))


async def test_no_token_is_logged(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.source.status = 500
    caplog.set_level("DEBUG")
    text = token()
    await desk.refusal(text)
    assert not any(text[:20] in record.getMessage() for record in caplog.records)
    for record in caplog.records:
        assert text not in str(vars(record))
