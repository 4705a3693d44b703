"""Where a redirect of a public feed may lead: to what is checked to be public."""

import asyncio

import httpx
import pytest

from producers.fetch import FetchError, _public_address


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://[::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://192.168.1.1:8080/",
        "http://0.0.0.0/",
        "http://localhost/",
        "http://[fe80::1]/",
        "ftp://93.184.215.14/",
        "file:///etc/passwd",
    ],
)
def test_a_redirect_to_a_private_address_or_another_protocol_is_refused(url: str) -> None:
    with pytest.raises(FetchError, match="not followed"):
        asyncio.run(_public_address(httpx.URL(url)))


def test_a_public_address_is_the_one_that_is_connected_to() -> None:
    assert asyncio.run(_public_address(httpx.URL("http://93.184.215.14/feed"))) == "93.184.215.14"
