import asyncio
import gc
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from functools import cache

import pytest
from hypothesis import settings

from tests.fakes.clock import WatchedLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test runs on a loop that tells the tests' clock when the moment is over."""
    return {"watched": WatchedLoop}


def pytest_configure(config: pytest.Config) -> None:
    """The same examples in every run, so that what passed passes; `--hypothesis-profile=default` tries new ones."""
    settings.register_profile("steady", derandomize=True)
    if config.getoption("--hypothesis-profile") is None:
        settings.load_profile("steady")
    # Each platform that a test builds would read all certificates anew, and none of them speaks TLS.
    ssl.create_default_context = cache(ssl.create_default_context)  # type: ignore[assignment]


def pytest_collection(session: pytest.Session) -> None:
    """What is imported stays: a quarter of the time would go into looking for garbage among it, again and again."""
    gc.disable()


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()
    gc.enable()
    # Tests are short and die young: to look a tenth as often saves a tenth of the time.
    gc.set_threshold(50_000)


@pytest.fixture
def nowhere() -> Iterator[str]:
    """An HTTP address where nobody listens: it refuses at once, because its port is held and so nobody else's."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"
