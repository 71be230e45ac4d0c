"""Where each contract is polled for a job."""

from __future__ import annotations

from urllib.parse import quote

from jobstatus.ids import hex32, is_uuid, object_id
from jobstatus.job import Job


def polls(job: Job) -> list[dict[str, str]]:
    """Give the path at which each contract answers for *job*; one that cannot spell its id is left out."""
    paths = {
        "native": f"/jobs/{job.id}",
        "ehealth": f"/api/jobs/{object_id(job)}",
        "ehealth-composition": f"/api/patients/composition/job/{job.id}" if is_uuid(job.id) else None,
        "traffic-ops": f"/api/4.0/async_status/{job.number}",
        "ims": None if "/" in job.tenant else f"/v1/{quote(job.tenant)}/jobs/{hex32(job)}",
    }
    return [{"contract": contract, "href": href} for contract, href in paths.items() if href is not None]
