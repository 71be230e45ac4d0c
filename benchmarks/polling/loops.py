"""Ways to watch a job, as anybody might write them."""

from __future__ import annotations

from benchmarks.polling.watch import Loop, Watch


def every(pause: float) -> Loop:
    """Ask at once, and again after each pause."""

    def loop(client: Watch) -> bool:
        while not client.ask():
            client.sleep(pause)
        return True

    return loop


def ever_later(first: float, factor: float, last: float) -> Loop:
    """Ask at once, and after pauses that grow from the first to the last."""

    def loop(client: Watch) -> bool:
        pause = first
        while not client.ask():
            client.sleep(pause)
            pause = min(pause * factor, last)
        return True

    return loop


def obedient(client: Watch) -> bool:
    """Ask when the answer before said so, the one to the job's creation too."""
    client.sleep(client.retry_after())
    while not client.ask():
        client.sleep(client.retry_after())
    return True


def waiting(seconds: float) -> Loop:
    """Let the answer wait for a change, and ask again as soon as it is there."""

    def loop(client: Watch) -> bool:
        while not client.wait(seconds):
            pass
        return True

    return loop


def streaming(cut: float) -> Loop:
    """Read a stream, and open it again as soon as it is cut."""

    def loop(client: Watch) -> bool:
        while not client.listen(cut):
            pass
        return True

    return loop


def obedient_at_random(client: Watch) -> bool:
    """Ask when the answer before said so, or up to a quarter of that later."""
    client.sleep(client.retry_after() * client.chance.uniform(1, 1.25))
    while not client.ask():
        client.sleep(client.retry_after() * client.chance.uniform(1, 1.25))
    return True


def waiting_at_random(seconds: float) -> Loop:
    """Let each answer wait for so many seconds, or down to half of them."""

    def loop(client: Watch) -> bool:
        while not client.wait(client.chance.uniform(seconds / 2, seconds)):
            pass
        return True

    return loop


def streaming_at_random(cut: float, later: float) -> Loop:
    """Read a stream, and open it again within so many seconds after it was cut."""

    def loop(client: Watch) -> bool:
        while not client.listen(cut):
            client.sleep(client.chance.uniform(0, later))
        return True

    return loop
