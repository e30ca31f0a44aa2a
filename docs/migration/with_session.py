"""Reads sessions that with-session keeps in a cookie (token format 1).

Needs the package `cryptography`. See docs/security.md for the format, and
docs/migration.md for what such a reader cannot know.
"""

import base64
import hmac
import json
import re
import time

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

LABEL = b"withSession/seal/v1"
SHORTEST, LONGEST = 102, 4096
SKEW = 60


class Session:
    def __init__(self, user, data, created, expires):
        self.user = user
        self.data = data
        self.created = created
        self.expires = expires


def read_session(token, secrets, name="__Host-sid", now=None):
    """Opens the value of a cookie; None if it is no good session now.

    secrets: all that may have sealed it, as text or bytes.
    name: that of the cookie, without the port that it may end in on localhost.
    now: seconds since 1970.
    """
    now = time.time() if now is None else now
    if not SHORTEST <= len(token) <= LONGEST:
        return None
    raw = _decode(token)
    if raw is None or raw[0] != 1:
        return None
    key_id, salt, nonce, box = raw[1:5], raw[5:17], raw[17:29], raw[29:]
    for secret in secrets:
        if isinstance(secret, str):
            secret = secret.strip().encode()
        if not hmac.compare_digest(_derive(secret, b"\x02kid", 4), key_id):
            continue
        context = _sized(b"session") + _sized(name.encode())
        key = _derive(secret, b"\x01subkey" + salt + context, 32)
        try:
            body = AESGCM(key).decrypt(nonce, box, raw[:17])
        except InvalidTag:
            return None
        return _parse(body, now)
    return None


def _parse(body, now):
    created, sealed, expires = (
        int.from_bytes(body[at : at + 4], "big") for at in (1, 5, 9)
    )
    # Flags are of a newer version.
    if body[0] != 0 or max(created, sealed) > now + SKEW or expires <= now:
        return None
    try:
        values = json.loads(body[29:].decode("utf-8"), parse_constant=_refuse)
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    # Keys with a tilde are the library's own.
    data = {key: value for key, value in values.items() if key[:1] != "~"}
    return Session(values.get("~u"), data, created, expires)


def _refuse(constant):
    """Python reads NaN, which is no JSON."""
    raise ValueError(constant)


def _decode(token):
    """base64url without padding, in its one spelling."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", token, re.ASCII):
        return None
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except ValueError:
        return None
    spelled = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    return raw if spelled == token else None


def _derive(secret, info, length):
    hkdf = HKDF(SHA256(), length, salt=LABEL, info=LABEL + info)
    return hkdf.derive(secret)


def _sized(part):
    return len(part).to_bytes(2, "big") + part
