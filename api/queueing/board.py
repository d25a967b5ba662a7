"""What is going on, as plain data for people and monitors."""

from typing import Any

from api.queueing.job import Job
from api.queueing.queue import JobQueue


def queue_snapshot(queue: JobQueue, *, callers: bool = False) -> dict[str, Any]:
    """Every unsettled job in the order of service. `queue_length` counts those that do not run yet.

    `choice` and `round` are shown of requests that take more than one generation, `key`, the name of the
    caller's key, if `callers`.
    """
    items = [_item(queue, job) | ({"key": job.label.caller or None} if callers else {}) for job in queue]
    return {
        "queue_length": queue_length(queue),
        "is_processing": queue.is_processing,
        "items": items,
    }


def queue_length(queue: JobQueue) -> int:
    """Jobs that have not begun to run."""
    return sum(job.started is None for job in queue)


def _item(queue: JobQueue, job: Job) -> dict[str, Any]:
    label = job.label
    part = {"choice": label.choice} if label.choices > 1 else {}
    if label.round > 1:
        part["round"] = label.round
    return {
        "req_id": label.request_id,
        **part,
        "state": job.state.value,
        "position": queue.position(job),
        "wait_seconds": round(job.waited, 3),
        "model": job.request.model,
        "stream": label.stream,
        "capture": job.capture or None,
        "stages": job.stages,
    }
