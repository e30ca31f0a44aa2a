"""Makes django.json: sessions of django.contrib.sessions, in cookies and rows."""
import hashlib
import json
import sys
import time

import django
from django.conf import settings
from django.core import signing

KEY = "django-insecure-9x3v1k5m7p2q4r6s8t0u"
OLDER = "django-insecure-0a2c4e6g8i1k3m5o7q9s"
settings.configure(SECRET_KEY=KEY)
django.setup()

from django.contrib.sessions.backends.db import SessionStore as Rows
from django.contrib.sessions.backends.signed_cookies import SessionStore as Cookies
from django.contrib.sessions.serializers import PickleSerializer

DATA = {"cart": [1, {"n": 2}, "ü € 😀"], "note": "tea"}
LOGIN = {
    "_auth_user_id": "7",
    "_auth_user_backend": "django.contrib.auth.backends.ModelBackend",
    "_auth_user_hash": "f" * 64,
}
LONG = {"words": "tea " * 100}
# Text that cannot be made much shorter.
HASHES = "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(120))
AT = 1_800_000_000
real = time.time
time.time = lambda: AT


def cookie(data, secret=KEY):
    settings.SECRET_KEY = secret
    session = Cookies()
    session.update(data)
    session.save()
    return session.session_key


def other(data, **more):
    settings.SECRET_KEY = KEY
    return signing.dumps(data, **more)


good = {
    "plain": cookie(DATA),
    "login": cookie({**LOGIN, **DATA, "_session_expiry": 3600}),
    "compressed": cookie(LONG),
    "older key": cookie(DATA, OLDER),
    "another": cookie({"note": "cake"}),
}
salt = "django.contrib.sessions.backends.signed_cookies"
settings.SECRET_KEY = KEY
bad = {
    "other salt": other(DATA, salt="django.core.signing"),
    "pickled": other(DATA, salt=salt, serializer=PickleSerializer),
    "said to be compressed": signing.TimestampSigner(salt=salt).sign(".e30"),
    "cut while compressed": signing.TimestampSigner(salt=salt).sign(good["compressed"].split(":")[0][:-8]),
    "no object": other([DATA], salt=salt),
    "more than a browser keeps": other({"x": HASHES}, salt=salt, compress=True),
    "too much inside": other({"x": "a" * 2_000_000}, salt=salt, compress=True),
}
settings.SECRET_KEY = KEY
rows = {
    "plain": Rows().encode({**LOGIN, **DATA}),
    "compressed": Rows().encode(LONG),
}
print(json.dumps({
    "made_by": f"Django {django.__version__}, Python {sys.version.split()[0]}",
    "key": KEY, "older": OLDER, "at": AT, "data": DATA, "login": LOGIN, "long": LONG,
    "good": good, "bad": bad, "rows": rows,
}, indent=2))
