from __future__ import annotations

import ipaddress
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.access.addresses import UNKNOWN, client_address, is_proxy, trusted_networks

PROXIES = trusted_networks("10.0.0.0/8, 127.0.0.1, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "counted"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),  # a stranger's word is not taken
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1, 203.0.113.7"], "203.0.113.7"),  # what the client itself wrote stands further left
        ("10.0.0.1", ["198.51.100.1", "203.0.113.7"], "203.0.113.7"),
        ("10.0.0.1", ["198.51.100.1,203.0.113.7, 10.1.1.1 ,127.0.0.1"], "203.0.113.7"),
        ("10.0.0.1", ["203.0.113.7, 10.1.1.1", "10.2.2.2"], "203.0.113.7"),
        ("10.0.0.1", ["10.3.3.3, 10.2.2.2"], "10.3.3.3"),  # all of them ours: the client sits on our network
        ("10.0.0.1", ["203.0.113.7, unknown, 10.2.2.2"], "10.2.2.2"),
        ("10.0.0.1", ["203.0.113.7, "], "10.0.0.1"),
        ("10.0.0.1", ["<script>"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.7:4711"], "203.0.113.7"),
        ("10.0.0.1", ["[2001:db8:1:2:3:4:5:6]:4711"], "2001:db8:1:2::/64"),
        ("fd00::1", ["2001:db8:1:2:ffff::1"], "2001:db8:1:2::/64"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("2001:db8::ffff:1", [], "2001:db8::/64"),
        ("2001:db8:0:1::1", [], "2001:db8:0:1::/64"),
        ("fe80::1%eth0", [], "fe80::/64"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        ("::ffff:10.0.0.1", ["::ffff:203.0.113.7"], "203.0.113.7"),
        (None, ["203.0.113.7"], UNKNOWN),
        ("", [], UNKNOWN),
        ("/run/server.sock", [], UNKNOWN),
    ],
)
def test_a_client_is_counted_by_what_can_be_believed(peer: str | None, forwarded: list[str], counted: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == counted


def test_without_trusted_proxies_no_header_is_believed() -> None:
    assert client_address("10.0.0.1", ["203.0.113.7"], ()) == "10.0.0.1"


def test_a_header_as_long_as_headers_get_costs_little() -> None:
    endless = [",".join(["10.0.0.1"] * 900)] * 100
    began = time.process_time()
    assert client_address("10.0.0.1", endless, PROXIES) == "10.0.0.1"
    assert time.process_time() - began < 0.01


@given(st.lists(st.text(max_size=80), max_size=4), st.sampled_from(["10.0.0.1", "fd00::1", "203.0.113.7"]))
def test_whatever_stands_in_the_header_an_address_comes_out(forwarded: list[str], peer: str) -> None:
    ipaddress.ip_network(client_address(peer, forwarded, PROXIES))


@pytest.mark.parametrize(
    ("peer", "proxy"), [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("1.2.3.4", False), ("x", False), (None, False)]
)
def test_a_proxy_is_known_by_its_address(peer: str | None, proxy: bool) -> None:
    assert is_proxy(peer, PROXIES) is proxy


def test_trusted_proxies_are_networks_and_addresses() -> None:
    assert trusted_networks("") == trusted_networks("  ") == ()
    assert list(map(str, trusted_networks("10.0.0.0/8,::1 , 192.0.2.1"))) == ["10.0.0.0/8", "::1/128", "192.0.2.1/32"]


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "proxy.local", "10.0.0.0/8,", "10.0.0.0/33", "nginx\nx"])
def test_a_bad_network_is_named_in_one_sentence(entry: str) -> None:
    with pytest.raises(ValueError) as error:
        trusted_networks(entry)
    assert "is not a network like 10.0.0.0/8 or an address like 127.0.0.1" in str(error.value)
    assert "\n" not in str(error.value)
