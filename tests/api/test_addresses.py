"""Which addresses an operator may have keys sent to."""

import pytest

from bot.api.addresses import provider_address


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://models.example.org/v1/", "https://models.example.org/v1"),
        ("https://models.example.org:8443", "https://models.example.org:8443"),
        ("https://8.8.8.8/v1", "https://8.8.8.8/v1"),
        ("HTTPS://models.example.org", "HTTPS://models.example.org"),
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_an_address_of_the_internet_is_taken_over_https(url: str, kept: str, local: bool) -> None:
    assert provider_address(url, local=local) == kept
    with pytest.raises(ValueError, match="in your own network only"):
        provider_address(url.lower().replace("https", "http"), local=local)


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost.",
        "127.0.0.1:11434",
        "[::1]:11434",
        "10.1.2.3",
        "192.168.1.9",
        "100.64.0.1",
        "[fd00::1]",
        "[::ffff:10.0.0.1]",
        "ollama:11434",
        "gateway.internal",
        "nas.local",
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_one_s_own_network_is_taken_at_the_operator_s_word(scheme: str, host: str) -> None:
    url = f"{scheme}://{host}/v1"
    assert provider_address(url, local=True) == url
    with pytest.raises(ValueError, match="local: true"):
        provider_address(url, local=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "plain characters"),
        ("models.example.org/v1", "this is no address"),
        ("https://", "this is no address"),
        ("https://x.example:99999", "this is no address"),
        ("https://x.example:0", "this is no address"),
        ("https://[::1", "this is no address"),
        ("ftp://x.example", "must begin with https://"),
        ("file://x.example/etc/passwd", "must begin with https://"),
        ("javascript://x.example/%0Aalert(1)", "must begin with https://"),
        ("https://ann:secret@x.example", "no name and password"),
        ("https://ann@x.example", "no name and password"),
        ("https://@x.example", "no name and password"),
        ("https://x.example/v1?key=1", "neither"),
        ("https://x.example/v1#part", "neither"),
        ("https://x.example/v1?", "neither"),
        ("https://x.example\\@y.example", "plain characters"),
        ("https://x.example/a b", "plain characters"),
        ("https://x.example/\nHost: y", "plain characters"),
        ("https://пример.example", "plain characters"),
        (f"https://x.example/{'a' * 500}", "at most 500"),
        ("https://2130706433/", "no name of a host"),
        ("https://0x7f.1/", "no name of a host"),
        ("https://10.1/", "no name of a host"),
        ("https://./", "no name of a host"),
        ("http://169.254.169.254/latest", "link-local"),
        ("https://169.254.169.254/latest", "link-local"),
        ("http://[::ffff:169.254.169.254]/", "link-local"),
        ("http://[fe80::1]/", "link-local"),
        ("http://[fe80::1%25eth0]/", "link-local"),
        ("http://0.0.0.0:8080/", "empty address"),
        ("http://[::]/", "empty address"),
        ("http://224.0.0.1/", "multicast"),
    ],
)
@pytest.mark.parametrize("local", [True, False])
def test_no_key_is_sent_anywhere_else(url: str, why: str, local: bool) -> None:
    with pytest.raises(ValueError, match=why):
        provider_address(url, local=local)
