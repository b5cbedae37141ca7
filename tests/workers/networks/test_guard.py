"""Tests which addresses may be reached: a table of tricks, none of which leads inside."""

import pytest

from workers.networks.failure import Failure, Reason
from workers.networks.guard import Guard, is_public


def _words(text: str) -> list[str]:
    return text.split()


INSIDE = _words("""
    0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.100.100.200 100.127.255.255 127.0.0.1 127.255.255.254
    168.63.129.16 169.254.0.1 169.254.169.254 169.254.170.2 172.16.0.1 172.31.255.255 192.0.0.1 192.0.0.192
    192.0.2.1 192.88.99.1 192.168.0.1 192.168.255.255 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1
    224.0.0.1 239.255.255.250 240.0.0.1 255.255.255.255 :: ::1 ::127.0.0.1 ::ffff:127.0.0.1 ::ffff:8.8.8.8
    ::ffff:0:127.0.0.1 ::ffff:169.254.169.254 ::ffff:a9fe:a9fe 64:ff9b::7f00:1 64:ff9b::8.8.8.8 64:ff9b:1::1
    100::1 2001::1 2001:0:4136:e378:8000:63bf:3fff:fdd2 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1::
    2002:a9fe:a9fe::1 3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd12:3456::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1
    ff0e::1 2606:4700::1%1 2130706433 0x7f000001 0177.0.0.1 127.1 127.0.1 0x7f.1 localhost 127.0.0.1:80
    127.0.0.1/8 8.8.8.8.8 ٨.٨.٨.٨
""")

OUTSIDE = _words("""
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.1.1.1 128.0.0.1 172.15.0.1 172.32.0.1
    192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.255 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450::1
    2003::1
""")

REFUSED_URLS = [
    "http://garten.test/", "ftp://garten.test/", "file:///etc/passwd", "gopher://garten.test/", "//garten.test/",
    "garten.test", "https://", "https:///x", "https://127.0.0.1/", "https://127.1/", "https://2130706433/",
    "https://0x7f000001/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://017700000001/", "https://1.1.1.1/",
    "https://8.8.8.8.8/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "https://[::]/",
    "https://[fe80::1%25eth0]/", "https://[64:ff9b::1]/", "https://[2606:4700::1]/", "https://localhost/",
    "https://intranet/", "https://garten.test./", "https://.garten.test/", "https://garten..test/",
    "https://-a.test/", "https://a-.test/", "https://a.1/", "https://a.0x7f/", "https://a.0x1/",
    "https://user@garten.test/", "https://user:pw@garten.test/", "https://:@garten.test/",
    "https://garten.test@127.0.0.1/", "https://garten.test:80/", "https://garten.test:22/",
    "https://garten.test:8443/", "https://garten.test:0/", "https://garten.test:99999/", "https://garten.test:-1/",
    "https://garten.test:443x/", "https://gar ten.test/", "https://garten.test\\@127.0.0.1/",
    "https://garten.test/\r\nHost: inside", "https://garten.test/\x00", "https://gar\tten.test/",
    "https://%31%32%37.0.0.1/", "https://１２７.0.0.1/", "https://127。0。0。1/", "https://ⓔxample.test/",
    "https://a_b.test/", "https://garten.test%2f.evil/", "https://[garten.test]/", "https://" + "a" * 64 + ".test/",
    "https://" + "a." * 130 + "test/", "https://garten.test/" + "x" * 12_000, "https://xn--.test:443:443/",
    "data:text/html,x", "javascript:alert(1)", " ", "http://127.0.0.1:4001/", "https://127.0.0.1:4000/",
    "http://127.0.0.1/", "http://localhost:4000/", "http://a@127.0.0.1:4000/",
]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_what_leads_inside_or_is_no_address_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_ordinary_hosts_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("url", REFUSED_URLS)
def test_every_trick_in_an_address_is_refused(url: str) -> None:
    with pytest.raises(Failure) as failure:
        Guard({"http://127.0.0.1:4000"}).check(url)
    assert failure.value.reason == Reason.REFUSED_ADDRESS
    assert str(failure.value) == "refused_address"


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("https://garten.test", "https://garten.test"),
        ("https://garten.test:443/a?b=c", "https://garten.test/a?b=c"),
        ("HTTPS://Garten.Test/A", "https://garten.test/A"),
        ("https://münchen.garten.test/", "https://xn--mnchen-3ya.garten.test/"),
        ("https://a.b-c.xn--p1ai/", "https://a.b-c.xn--p1ai/"),
        ("http://127.0.0.1:4000/x", "http://127.0.0.1:4000/x"),
        ("http://[::1]:4000/x", "http://[::1]:4000/x"),
    ],
)
def test_public_names_over_https_and_allowed_origins_pass(url: str, asked: str) -> None:
    guard = Guard({"http://127.0.0.1:4000", "http://[::1]:4000"})
    address = guard.check(url)
    assert (address.scheme, address.raw_host, address.port, address.raw_path) == (
        guard.check(asked).scheme, guard.check(asked).raw_host, guard.check(asked).port, guard.check(asked).raw_path,
    )  # fmt: skip


def test_only_the_allowed_end_is_trusted() -> None:
    guard = Guard({"http://127.0.0.1:4000", "https://intranet.test", "http://plain.test"})
    assert guard.trusts("127.0.0.1", 4000)
    assert guard.trusts("intranet.test", 443)
    assert guard.trusts("plain.test", 80)
    assert not guard.trusts("127.0.0.1", 5432)
    assert not guard.trusts("intranet.test", 80)


def test_a_host_is_asked_over_https_unless_its_plain_form_is_allowed() -> None:
    guard = Guard({"http://127.0.0.1:4000"})
    assert guard.origin_of("127.0.0.1:4000") == "http://127.0.0.1:4000"
    assert guard.origin_of("garten.test") == "https://garten.test"
