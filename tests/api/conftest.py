from collections.abc import AsyncIterator

import pytest

from tests.api.office import Office, open_office
from tests.stories.conftest import any_url, first_database, postgres_server, postgres_url, sqlite_url

__all__ = ["any_url", "first_database", "postgres_server", "postgres_url", "sqlite_url"]


@pytest.fixture
async def office(sqlite_url: str) -> AsyncIterator[Office]:
    """An administrator at a platform that runs."""
    async with open_office(sqlite_url) as made:
        yield made
