"""What the engine refuses, as its API reports it."""

from http import HTTPStatus


class RefusedError(Exception):
    """A call that cannot be answered as asked; the client shows the message."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def missing(what: str, name: str) -> RefusedError:
    """A 404; docker-py tells images from containers by these very words."""
    return RefusedError(HTTPStatus.NOT_FOUND, f"No such {what}: {name}")


def not_runnable(why: str) -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, f"{why}; that needs a Docker engine")
