"""Signs requests with the vendor's own signer, for the interpreter that has `huaweicloudsdkcore`.

Each line that comes in is a JSON object: method, path, query as a list of pairs, headers, body, ak, sk, and date if it
is not to be now. For each one goes out: the uri and the headers, as the SDK's transport puts them on the wire.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import requests  # type: ignore[import-untyped,unused-ignore]  # the other environment's
from huaweicloudsdkcore.auth.credentials import BasicCredentials  # type: ignore[import-not-found]  # the same
from huaweicloudsdkcore.sdk_request import SdkRequest  # type: ignore[import-not-found]  # the same
from huaweicloudsdkcore.signer.signer import Signer  # type: ignore[import-not-found]  # the same

HOST = "127.0.0.1:8080"


def sent(order: dict[str, Any]) -> dict[str, Any]:
    """Sign one request, and give what of it would be sent."""
    date = {"X-Sdk-Date": order["date"]} if "date" in order else {}
    request = SdkRequest(
        method=order["method"],
        schema="http",
        host=HOST,
        resource_path=order["path"],
        query_params=[(name, value) for name, value in order["query"]],
        header_params={**order["headers"], **date},
        body=order["body"],
    )
    Signer(BasicCredentials(order["ak"], order["sk"])).sign(request)
    wire = requests.Request(request.method, request.url, request.header_params, data=request.body).prepare()
    return {"uri": wire.path_url, "headers": dict(wire.headers)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(sent(json.loads(line))), flush=True)
