"""What is going on, as plain data for people and monitors."""

from typing import Any

from api.queueing.job import Job
from api.queueing.queue import JobQueue


def queue_snapshot(queue: JobQueue) -> dict[str, Any]:
    """Every unsettled job, oldest first. `queue_length` counts those that do not run yet."""
    items = [_item(queue, job) for job in queue]
    return {
        "queue_length": queue_length(queue),
        "is_processing": queue.is_processing,
        "items": items,
    }


def queue_length(queue: JobQueue) -> int:
    """Jobs that have not begun to run."""
    return sum(job.started is None for job in queue)


def _item(queue: JobQueue, job: Job) -> dict[str, Any]:
    return {
        "req_id": job.id,
        "state": job.state.value,
        "position": queue.position(job),
        "wait_seconds": round(job.waited, 3),
        "model": job.request.model,
        "stream": job.stream,
        "capture": job.capture or None,
    }
