"""Redis or Valkey, one server or a cluster: a client from settings, scripts that are loaded once, and errors as types."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from redis import Redis, RedisCluster
from redis import exceptions as raised
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from groundswell.errors import FatalError, RetryableError
from groundswell.settings import RedisSettings

Client = Redis | RedisCluster
PASSING = (raised.ConnectionError, raised.TimeoutError, raised.ClusterError, raised.RedisClusterException)
UNWRITABLE = (raised.ReadOnlyError, raised.OutOfMemoryError, raised.TryAgainError)
"""A replica just promoted, a full memory, slots on the move: by type where the client takes the code off the message."""


def connect(settings: RedisSettings) -> Client:
    """A client that gives bytes; FatalError in one line where the server does not answer."""
    password = settings.password.get_secret_value() if settings.password else None
    options: dict[str, Any] = {
        "username": settings.username,
        "password": password,
        "socket_timeout": settings.timeout,
        "socket_connect_timeout": settings.timeout,
        "health_check_interval": 30,
    }
    try:
        if settings.cluster:
            client: Client = RedisCluster.from_url(settings.url, **options)
        else:
            client = Redis.from_url(settings.url, retry=Retry(ExponentialBackoff(cap=1), 3), **options)
        client.ping()
    except (raised.RedisError, raised.RedisClusterException, OSError) as error:
        if isinstance(error, raised.AuthenticationError) or isinstance(error.__cause__, raised.AuthenticationError):
            raise FatalError(
                f"Redis at {settings.url} refused the login ({error}): check redis.username and redis.password"
            ) from None
        raise FatalError(
            f"Redis at {settings.url} did not answer ({type(error).__name__}): check that it runs, "
            "and redis.url and redis.cluster"
        ) from None
    return client


@contextmanager
def errors() -> Iterator[None]:
    """Turn what the client raises into RetryableError (passing) or FatalError (a server that refuses to write)."""
    try:
        yield
    except PASSING as error:
        raise RetryableError(f"Redis did not answer ({type(error).__name__})") from error
    except raised.ResponseError as error:
        coded = ("READONLY", "MASTERDOWN", "TRYAGAIN", "OOM", "MISCONF")  # as scripts pass them on
        if isinstance(error, UNWRITABLE) or str(error).startswith(coded):
            raise RetryableError(f"Redis cannot write now ({str(error)[:120]})") from error
        raise FatalError(f"Redis refused a command: {str(error)[:200]}") from error


class Script:
    """A Lua script of a package, sent once and called by its hash; a server that lost it gets it again."""

    def __init__(self, client: Client, package: str, name: str) -> None:
        source = files(package).joinpath(name).read_text("utf-8")
        self._call = client.register_script(source)

    def __call__(self, keys: Sequence[str], arguments: Sequence[str | bytes | int | float]) -> Any:
        """Run it; all ``keys`` lie in one hash slot."""
        with errors():
            return self._call(keys=list(keys), args=list(arguments))
