import asyncio
from collections.abc import Callable, Mapping

import pytest

from tests.fakes.clock import WatchedLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every test runs on a loop that tells the tests' clock when the moment is over."""
    return {"watched": WatchedLoop}
