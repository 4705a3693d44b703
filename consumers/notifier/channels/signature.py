"""Signatures of webhooks, as the Standard Webhooks specification has them (version v1, symmetric)."""

import base64
import binascii
import hashlib
import hmac
import secrets

from pydantic import SecretStr

PREFIX = "whsec_"
KEY_BYTES = range(24, 65)
"""Lengths that the specification allows."""


def new_secret() -> SecretStr:
    """A fresh secret of 32 random bytes: ``whsec_`` and base64."""
    return SecretStr(PREFIX + base64.b64encode(secrets.token_bytes(32)).decode())


def key_of(secret: SecretStr) -> bytes:
    """The key that ``secret`` spells; raises ValueError in one line, without the secret, where it spells none."""
    text = secret.get_secret_value()
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(PREFIX) or len(key) not in KEY_BYTES:
        raise ValueError(f"a webhook's secret is {PREFIX} and base64 of {KEY_BYTES.start} to {KEY_BYTES.stop - 1} bytes")
    return key


def sign(secret: SecretStr, key: str, timestamp: int, body: bytes) -> str:
    """The value of the header ``webhook-signature`` for ``body``, told under ``key`` at ``timestamp`` (Unix seconds)."""
    signed = f"{key}.{timestamp}.".encode() + body
    digest = hmac.new(key_of(secret), signed, hashlib.sha256).digest()
    return "v1," + base64.b64encode(digest).decode()
