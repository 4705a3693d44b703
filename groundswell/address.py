"""Which internet addresses are public, and what a name resolves to: the judgement behind every request to a stranger's host."""

import ipaddress
import socket

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def is_public(address: str) -> bool:
    """Whether ``address``, an IPv4 or IPv6 address in numbers with or without a scope, belongs to the public internet.

    An IPv6 address that carries an IPv4 one (mapped, NAT64, 6to4) is as public as that; Teredo is never. Raises ValueError
    where it is no address.
    """
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv4Address):
        return ip.is_global and not ip.is_multicast
    carried = ip.ipv4_mapped or ip.sixtofour
    if ip in _NAT64:
        carried = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    if carried is not None:
        return is_public(str(carried))
    return ip in _GLOBAL_UNICAST and ip.is_global


def resolve(host: str, port: int) -> list[str]:
    """All addresses of ``host``, each once, the preferred first; a number in any spelling is its own address.

    Raises OSError where there is none.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "no host name") from None
    return list(dict.fromkeys(str(place[4][0]) for place in found))
