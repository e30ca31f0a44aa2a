"""Makes flask.json: sessions of a Flask program, one value of each kind."""
import hashlib
import json
import sys
import time
from datetime import datetime, timezone
from uuid import UUID

import flask
import itsdangerous
from flask import Flask, session
from markupsafe import Markup

KEY = b"_5#y2L_F4Q8z-n-xec_"
OLDER = "another key of before"
# Text that cannot be made much shorter.
HASHES = "".join(hashlib.sha256(bytes([i])).hexdigest() for i in range(120))
AT = 1_800_000_000
time.time = lambda: AT


def cookie(data, key=KEY, name="session", **more):
    app = Flask(__name__)
    app.secret_key = key
    app.config.update(SESSION_COOKIE_NAME=name, **more)

    @app.route("/")
    def index():
        for each, value in data.items():
            session[each] = value
        return ""

    line = app.test_client().get("/").headers["Set-Cookie"]
    return line.split(";")[0].split("=", 1)[1]


DATA = {"user": "ada", "cart": [1, {"n": 2}, "ü € 😀"]}
KINDS = {
    "tuple": (1, ("a", 2)),
    "uuid": UUID("12345678-1234-5678-1234-56789abcdef0"),
    "bytes": b"\x00\xff tea",
    "markup": Markup("<b>tea</b>"),
    "date": datetime(2026, 11, 30, 19, 46, 5, tzinfo=timezone.utc),
    "dict": {" t": [1]},
    "nested": {" di": {" u": "tea"}},
    "two": {" u": "tea", "b": {" t": 1, " m": 2}},
    "inner": [{"at": (Markup("x"),)}],
}
LONG = {"words": "tea " * 100}
signer = itsdangerous.URLSafeTimedSerializer(
    KEY, salt="another salt", signer_kwargs={"key_derivation": "hmac"}
)
same = itsdangerous.URLSafeTimedSerializer(
    KEY, salt="cookie-session", signer_kwargs={"key_derivation": "hmac"}
)
stamp = itsdangerous.TimestampSigner(
    KEY, salt="cookie-session", key_derivation="hmac"
)
untimed = itsdangerous.URLSafeSerializer(
    KEY, salt="cookie-session", signer_kwargs={"key_derivation": "hmac"}
)
good = {
    "plain": cookie(DATA),
    "kinds": cookie(KINDS),
    "compressed": cookie(LONG),
    "older key": cookie(DATA, OLDER),
    "another": cookie({"user": "bob"}),
    "login": cookie({
        "_user_id": "7", "_fresh": True, "_permanent": True,
        "_flashes": [("message", "Saved")], "note": "tea",
    }),
    "single tag": cookie({" t": [1]}),
}
bad = {
    "other salt": signer.dumps(DATA),
    "no timestamp": untimed.dumps(DATA),
    "said to be compressed": stamp.sign(".e30").decode(),
    "cut while compressed": stamp.sign(good["compressed"].split(".")[1].join([".", ""])[:-8]).decode(),
    "no object": same.dumps([1]),
    "a tuple": same.dumps({" t": [1]}),
    "more than a browser keeps": same.dumps({"x": HASHES}),
    "too much inside": same.dumps({"x": "a" * 2_000_000}),
}
print(json.dumps({
    "made_by": f"Flask {flask.__version__}, itsdangerous {itsdangerous.__version__}, Python {sys.version.split()[0]}",
    "key": KEY.decode(), "older": OLDER, "at": AT, "data": DATA, "long": LONG,
    "good": good, "bad": bad,
}, indent=2))
