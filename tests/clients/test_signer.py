"""What the vendor's own signer signs, of any request that HTTP can carry. Needs its SDK in another environment."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstatus.security.signature import Authorization, BadSignature, Reason, SignedRequest, verify

SCRIPT = Path(__file__).with_name("huawei_signer.py")
KEY, SECRET = "AKIAEXAMPLE01", "first secret: \N{SNOWMAN}"
FORM = "%Y%m%dT%H%M%SZ"


class Signer:
    """The SDK in a process of its own, which signs one request after the other."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def sign(self, order: dict[str, Any]) -> SignedRequest:
        """Have a request signed, and receive it as a server does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({**order, "ak": KEY, "sk": SECRET}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"the signer failed at {order}"
        wire = json.loads(answer)
        path, _, query = wire["uri"].partition("?")
        headers = {name.lower(): value.strip(" \t") for name, value in wire["headers"].items()}
        return SignedRequest(order["method"], path, query, headers, order["body"].encode())


@pytest.fixture
def signer(huawei_python: Path, tmp_path: Path) -> Iterator[Signer]:
    """Run the signer for as long as a test takes, with a home to itself: the SDK leaves a file there."""
    environment = {**os.environ, "HOME": str(tmp_path)}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [huawei_python, SCRIPT], stdin=pipe, stdout=pipe, env=environment, text=True, encoding="utf-8"
    ) as process:
        yield Signer(process)
        process.terminate()


HEADER_NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}", fullmatch=True).map(lambda name: f"X-{name}")
TAKEN = {"x-sdk-date", "x-sdk-content-sha256"}

any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
some_text = st.text("aA0-_.~ +%/?#&=;:@!$'()*,[]\"\\^`{|}<>", max_size=12)
texts = any_text | some_text
values = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.just("\t"), max_size=20)
segments = texts.filter(lambda text: text not in (".", ".."))  # any transport resolves these, after they are signed
orders = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]),
        "path": st.lists(segments.map(lambda text: quote(text, safe="!$&'()*+,;=:@")), min_size=1, max_size=5).map(
            lambda parts: "/" + "/".join(parts)
        ),
        "query": st.lists(st.tuples(texts, texts), max_size=5),
        "headers": st.builds(
            lambda some, kind: {**dict(some), **kind},
            st.lists(
                st.tuples(HEADER_NAMES.filter(lambda name: name.lower() not in TAKEN), values),
                unique_by=lambda pair: pair[0].lower(),
                max_size=4,
            ),
            st.fixed_dictionaries(
                {},
                optional={
                    "Content-Type": st.sampled_from(["application/json", "application/bson", "text/plain"]),
                    "User-Agent": values,
                },
            ),
        ),
        "body": st.just("") | any_text,
    },
    optional={"date": st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda at: at.strftime(FORM))},
)


@settings(deadline=None, max_examples=500, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=orders)
def test_what_the_vendors_signer_signs_is_accepted(order: dict[str, Any], signer: Signer) -> None:
    """Whatever stands in path, query, headers and body, as it comes off the wire; and with another secret it is not."""
    request = signer.sign(order)
    authorization = Authorization.parse(request.headers["authorization"])
    now = datetime.strptime(request.headers["x-sdk-date"], FORM).replace(tzinfo=UTC) + timedelta(minutes=15)

    assert authorization.access_key == KEY
    verify(request, authorization, SECRET, now)
    with pytest.raises(BadSignature) as caught:
        verify(replace(request, path=f"{request.path}x"), authorization, SECRET, now)
    assert caught.value.reason is Reason.MISMATCH
