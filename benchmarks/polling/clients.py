"""How real clients watch, as their code has it: pauses, limits, and who asks first and sleeps then.

The SDK of Huawei Cloud and the clients of Traffic Ops have no loop: whoever uses them writes one.
"""

from __future__ import annotations

from benchmarks.polling.loops import ever_later, every
from benchmarks.polling.watch import Watch


def ehealth(client: Watch) -> bool:
    """Try 15 times, 2 s apart, as integrators of eHealth do (tests/clients/ehealth_client.py)."""
    for attempt in range(15):
        if attempt:
            client.sleep(2)
        if client.ask():
            return True
    return False


def otcextensions(client: Watch) -> bool:
    """Try every 10 s within 600 s: otcextensions 0.34.8, `wait_for_async_job`, by openstacksdk's `iterate_timeout`."""
    while client.now < 600:
        if client.ask():
            return True
        client.sleep(10)
    return False


def terraform_otc(client: Watch) -> bool:
    """Try every second within 10 minutes, asleep first, and read the result once more.

    gophertelekomcloud, `WaitForJob`, as the provider of Open Telekom Cloud calls it.
    """
    while int(client.now) < 600:
        client.sleep(1)
        if client.ask():
            return client.ask()
    return False


def terraform_huawei(client: Watch) -> bool:
    """Try every 10 s within 20 minutes, asleep first, and read the result once more.

    terraform-provider-huaweicloud, `huaweicloud_ims_quickimport_data_image`.
    """
    client.sleep(10)
    while client.now < 1200:
        if client.ask():
            return client.ask()
        client.sleep(10)
    return False


def azure_core(client: Watch) -> bool:
    """Try at once, then as `Retry-After` says, which this server always sends; without it every 30 s.

    azure-core 1.41.0, `LROBasePolling`.
    """
    while not client.ask():
        client.sleep(client.retry_after())
    return True


def google_api_core(client: Watch) -> bool:
    """Sleep for a random part of what grows from 1 to 20 s, as long as that ends within 900 s.

    google-api-core 2.44.0, `DEFAULT_POLLING`.
    """
    longest = 1.0
    while not client.ask():
        pause = client.chance.uniform(0, longest)
        if client.now + pause > 900:
            return False
        client.sleep(pause)
        longest = min(longest * 1.5, 20)
    return True


openeo = ever_later(5, 1.25, 60)
"""openeo 0.53.0, `start_and_wait`."""

py_tes = every(0.5)
"""py-tes 1.1.4, `HTTPClient.wait`, which has no limit unless it is given one."""
