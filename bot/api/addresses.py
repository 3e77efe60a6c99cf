"""Which addresses an operator may have keys sent to."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import SplitResult, urlsplit

LONGEST_CHARS = 500

_PLAIN = re.compile(r"[!-~]+")
_NUMBER = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
_LOCAL_ENDINGS = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def provider_address(url: str, *, local: bool) -> str:
    """The base URL as it is kept: without a slash at its end.

    `local` is the operator's word that the address is in their own network: then it may be a private one, and plain
    HTTP. Names are judged as they are written; what they resolve to is the business of whoever runs the network.
    ValueError with the reason when no key should be sent there.
    """
    if len(url) > LONGEST_CHARS or not _PLAIN.fullmatch(url) or "\\" in url:
        raise ValueError(f"write an address of at most {LONGEST_CHARS} plain characters, without spaces")
    parts = _split(url)
    if parts.scheme not in ("https", "http"):
        raise ValueError("the address must begin with https://")
    if "@" in parts.netloc:
        raise ValueError("no name and password in an address: give the key as `key`")
    if "?" in url or "#" in url:
        raise ValueError("a base address has neither ? nor #")
    private = _is_private(parts.hostname or "")
    if private and not local:
        raise ValueError("an address in a private network needs `local: true`")
    if parts.scheme == "http" and not private:
        raise ValueError("http:// is for addresses in your own network only: use https://")
    return url.rstrip("/")


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("this is no address: write it as in https://models.example.org/v1")
    return parts


def _is_private(host: str) -> bool:
    """Whether the host is in one's own network. ValueError for those that are nobody's."""
    name = host.rstrip(".")
    try:
        found = ip_address(name)
    except ValueError:
        last = name.rpartition(".")[2]
        if not last or _NUMBER.fullmatch(last):
            raise ValueError("this is no name of a host") from None
        return "." not in name or f".{name}".endswith(_LOCAL_ENDINGS)
    address = _unwrapped(found)
    if address.is_link_local or address.is_multicast or address.is_unspecified:
        raise ValueError("nobody's models live at a link-local, multicast or empty address")
    return not address.is_global


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, where it does."""
    return (address.ipv4_mapped or address.sixtofour or address) if isinstance(address, IPv6Address) else address
