from __future__ import annotations

import pytest

from control_api.links.webhook_targets import LONGEST_URL, check_headers, check_url

PUBLIC = [
    "https://workflow.example.internal/nn-events",
    "https://example.com",
    "https://example.com:8443/hook?key=a&b=%20#part",
    "https://EXAMPLE.com./",
    "https://93.184.216.34/",
    "https://[2606:4700:4700::1111]/",
    "https://пример.рф/",
    "https://ex_ample.com/",
    "https://10.example.com/",
    "https://0x.example/",
]
PRIVATE = [
    "https://localhost/",
    "https://LOCALHOST./",
    "https://hook.localhost/",
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://１２７.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://0/",
    "https://0.0.0.0/",
    "https://10.1.2.3/",
    "https://172.16.0.1/",
    "https://192.168.1.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://100.64.0.1/",
    "https://224.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:a00:1]/",
    "https://[64:ff9b::10.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001:0:7f00:1::]/",
    "https://[fe80::1]/",
    "https://[fc00::1]/",
    "https://[fec0::1]/",
    "https://[::ffff:0:7f00:1]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[ff02::1]/",
]
NOWHERE = [
    "",
    "https://",
    "https:///path",
    "https:example.com",
    "//example.com/",
    "/hook",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "ftp://example.com/",
    "https://exa mple.com/",
    "https://exa\tmple.com/",
    "https://exa\nmple.com/",
    " https://example.com/",
    "https://example.com/\r\nX-Other: 1",
    "https://example.com:99999/",
    "https://example.com:0/",
    "https://example.com\\@127.0.0.1/",
    "https://user@example.com/",
    "https://user:word@example.com/",
    "https://:word@example.com/",
    "https://%31%32%37.0.0.1/",
    "https://[::1",
    "https://[fe80::1%25eth0]/",
    "https://.../",
    f"https://{'a' * 300}.com/",
    "https://example.com/" + "a" * LONGEST_URL,
]


@pytest.mark.parametrize("url", PUBLIC)
def test_public_places_will_do(url: str) -> None:
    check_url(url, private=False)


@pytest.mark.parametrize("url", PRIVATE)
def test_private_places_are_refused_however_they_are_written(url: str) -> None:
    with pytest.raises(ValueError, match="must not lead to a private address"):
        check_url(url, private=False)
    check_url(url, private=True)


@pytest.mark.parametrize("url", NOWHERE)
@pytest.mark.parametrize("private", [False, True])
def test_what_leads_nowhere_is_refused(url: str, private: bool) -> None:
    with pytest.raises(ValueError, match=r"^must "):
        check_url(url, private=private)


def test_plain_http_is_for_operators_who_allow_it() -> None:
    with pytest.raises(ValueError, match="must begin with https://"):
        check_url("http://example.com/", private=False)
    check_url("http://example.com/", private=True)


def test_headers_of_any_use_will_do() -> None:
    check_headers({})
    check_headers({f"X-Header-{number}": "a b\x7e" for number in range(20)})
    check_headers({"Authorization": "Bearer abc", "x_y": "1", "User-Agent": "Us/1"})


@pytest.mark.parametrize(
    ("headers", "what"),
    [
        ({f"X-{number}": "a" for number in range(21)}, "at most 20"),
        ({"X-A": "1", "x-a": "2"}, "each header once"),
        ({"": "a"}, "names"),
        ({"X A": "a"}, "names"),
        ({"X:A": "a"}, "names"),
        ({"X-A\r\n": "a"}, "names"),
        ({"X-ü": "a"}, "names"),
        ({"X-A": ""}, "X-A a value"),
        ({"X-A": " a"}, "X-A a value"),
        ({"X-A": "a\r\nX-B: b"}, "X-A a value"),
        ({"X-A": "a\x7f"}, "X-A a value"),
        ({"X-A": "a\n"}, "X-A a value"),
        ({"X-A": "ü"}, "X-A a value"),
        ({"X-A": "a" * 2001}, "X-A a value"),
        *(
            ({name: "a"}, f"must not set {name}")
            for name in (
                "Host",
                "content-length",
                "Content-Type",
                "Transfer-Encoding",
                "Connection",
                "Webhook-Id",
                "webhook-signature",
                "X-NN-Signature",
            )
        ),
    ],
)
def test_headers_that_would_break_a_delivery_are_refused(headers: dict[str, str], what: str) -> None:
    with pytest.raises(ValueError, match=what):
        check_headers(headers)
