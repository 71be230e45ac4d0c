"""The faults that are seeded: what servers do wrong, and the check that finds it."""

from __future__ import annotations

import json

from faulty import (
    Fault,
    add,
    admit,
    admit_unless_nobody,
    asking,
    body,
    both,
    crash_on,
    crash_on_long,
    cut_off,
    deaf,
    drop,
    forgetful,
    gets,
    lead,
    put,
    says,
    silent,
    status,
    when,
)

from jobstatus.conformance import State

HTML = b"<html><body>Oops</body></html>"
PENDING_IMS = json.dumps(
    {
        **{"status": "INIT", "entities": {}, "job_id": "0" * 32, "job_type": "x"},
        **{"begin_time": "04-Mar-2031 05:06:07:250", "end_time": "", "error_code": None, "fail_reason": None},
    }
).encode()
PROBLEM = json.dumps({"type": "about:blank", "title": "Bad Request", "status": 400}).encode()

FAULTS = [
    Fault(
        "unknown jobs look pending",
        "ims",
        "showImsJob: unknown id",
        answered=when(400, both(status(200), body(PENDING_IMS))),
    ),
    Fault("nobody is asked who calls", "native", "getJob: no credential", asked=admit),
    Fault("every token is good", "ims", "showImsJob: wrong credential", asked=admit_unless_nobody),
    Fault("every session may read", "traffic-ops", "getAsyncStatus: permission lacking", asked=admit_unless_nobody),
    Fault("a lacking scope is no error", "ehealth", "getEhealthJob: permission lacking", asked=admit_unless_nobody),
    Fault("the second key is not asked for", "ehealth-composition", "getCompositionJob: no api-key", asked=admit),
    Fault(
        "jobs of other tenants are told",
        "traffic-ops",
        "getAsyncStatus: job of another tenant",
        asked=asking(State.FOREIGN, lead(State.PENDING)),
    ),
    Fault(
        "expired jobs are told on",
        "ims",
        "showImsJob: expired job",
        asked=asking(State.EXPIRED, lead(State.SUCCEEDED)),
    ),
    Fault("expired jobs look as if they never were", "native", "getJob: expired job", answered=when(410, status(404))),
    Fault("a malformed id is a server error", "native", "getJob: malformed id", answered=when(400, status(500))),
    Fault("a malformed id is unknown", "traffic-ops", "getAsyncStatus: malformed id", answered=when(400, status(404))),
    Fault(
        "success has another word",
        "ims",
        "showImsJob: succeeded job",
        answered=asking(State.SUCCEEDED, put("status", "SUCCESSFUL")),
    ),
    Fault(
        "failures look like successes",
        "traffic-ops",
        "getAsyncStatus: failed job",
        answered=asking(State.FAILED, put("response.status", "SUCCEEDED")),
    ),
    Fault(
        "failed jobs are HTTP errors",
        "ehealth",
        "getEhealthJob: failed job",
        answered=asking(State.FAILED, status(409)),
    ),
    Fault(
        "cancelled jobs look unfinished",
        "ehealth-composition",
        "getCompositionJob: cancelled job",
        answered=asking(State.CANCELLED, put("data.status", "PENDING")),
    ),
    Fault(
        "a job that failed has no reason",
        "ims-deployed",
        "showImsJob: failed job",
        answered=asking(State.FAILED, put("fail_reason", None)),
    ),
    Fault(
        "an unfinished job has an end",
        "traffic-ops-deployed",
        "getAsyncStatus: pending job",
        answered=asking(State.PENDING, add("response.end_time", "2031-03-04T05:06:07Z")),
    ),
    Fault(
        "a member is left out",
        "traffic-ops",
        "getAsyncStatus: pending job",
        answered=when(200, drop("response.start_time")),
    ),
    Fault(
        "a null is left out",
        "traffic-ops",
        "getAsyncStatus: pending job",
        answered=when(200, drop("response.end_time")),
    ),
    Fault(
        "a number is a text", "traffic-ops", "getAsyncStatus: pending job", answered=when(200, put("response.id", "1"))
    ),
    Fault(
        "the other profile is spoken",
        "ehealth-deployed",
        "getEhealthJob: succeeded job",
        answered=when(200, put("data.status_code", "200")),
    ),
    Fault(
        "times have another form",
        "ims",
        "showImsJob: pending job",
        answered=when(200, put("begin_time", "2031-03-04T05:06:07.250Z")),
    ),
    Fault(
        "a member is new where none may be",
        "native",
        "getJob: pending job",
        answered=when(200, add("colour", "red")),
    ),
    Fault("errors are pages", "ims", "showImsJob: no credential", answered=when(401, body(HTML, "text/html"))),
    Fault("errors have another body", "ims", "showImsJob: unknown id", answered=when(400, body(PROBLEM))),
    Fault(
        "JSON is called text", "native", "getJob: pending job", answered=when(200, says("content-type", "text/plain"))
    ),
    Fault(
        "JSON is cut off",
        "ehealth",
        "getEhealthJob: pending job",
        answered=when(200, cut_off),
    ),
    Fault("answers are nested too deep", "ims", "showImsJob: pending job", answered=when(200, body(b"[" * 100_000))),
    Fault("answers are too long", "ims", "showImsJob: pending job", answered=when(200, body(b" " * 5_000_000))),
    Fault("answers are empty", "ehealth-composition", "getCompositionJob: pending job", answered=when(200, body(b""))),
    Fault(
        "the envelope has another code",
        "ehealth",
        "getEhealthJob: unknown id",
        answered=when(404, put("meta.code", 200)),
    ),
    Fault(
        "a redirect leads pollers away",
        "ehealth",
        "getEhealthJob: linked job",
        answered=when(303, says("location", "/e/1")),
    ),
    Fault(
        "what has ended changes",
        "traffic-ops",
        "getAsyncStatus: succeeded job, polled twice",
        answered=asking(State.SUCCEEDED, forgetful()),
    ),
    Fault("there are no entity tags", "native", "getJob: a job that has not changed", answered=silent("etag")),
    Fault("entity tags are not heeded", "ims", "showImsJob: a job that has not changed", asked=deaf("if-none-match")),
    Fault("nothing says when to ask again", "native", "getJob: pending job", answered=silent("retry-after")),
    Fault("nothing says how to log in", "native", "getJob: no credential", answered=silent("www-authenticate")),
    Fault("a wrong method is taken", "ehealth", "getEhealthJob: a method that there is not", asked=gets),
    Fault("a wrong method has no Allow", "native", "getJob: a method that there is not", answered=silent("allow")),
    Fault(
        "any password is right",
        "traffic-ops",
        "createTrafficOpsSession: wrong password",
        answered=when(401, status(200)),
    ),
    Fault(
        "any password is right here too",
        "identity",
        "createIdentityToken: wrong password",
        answered=when(401, status(201)),
    ),
    Fault("paths that are not there are", "ims", "no such path", answered=when(404, both(status(200), body(b"{}")))),
    Fault("versions that are not there are", "traffic-ops", "no such version", answered=when(501, status(404))),
    Fault("what has ended can be reported on", "native", "reportJob: succeeded job", answered=when(409, status(200))),
    Fault(
        "a filter is not looked at",
        "native",
        "listJobs: status=lost",
        answered=when(400, both(status(200), body(b'{"jobs": []}'))),
    ),
]
"""Each is caught by the decision table."""

RANDOM_FAULTS = [
    Fault("a header crashes it", "ims", "GET /v1/{project_id}/jobs/{job_id}", answered=crash_on("x-sdk-date")),
    Fault("a long id crashes it", "ehealth", "GET /api/jobs/{id}", answered=crash_on_long),
]
"""Each is caught by requests that are made at random alone."""
