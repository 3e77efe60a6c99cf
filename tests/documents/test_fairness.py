"""Who works next: everybody in turn, whatever one of them has brought."""

import asyncio

from bot.documents.fairness import FairPlaces


class Workers:
    """People who want a place and stay until they are told to go."""

    def __init__(self, places: int) -> None:
        self.places = FairPlaces(places)
        self.working: list[str] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._over: dict[str, asyncio.Event] = {}

    async def come(self, *names: str) -> None:
        """The first letter says whose work it is."""
        for name in names:
            self._over[name] = asyncio.Event()
            self._tasks[name] = asyncio.create_task(self._work(name))
        await _settled()

    async def go(self, name: str) -> None:
        self._over[name].set()
        await _settled()

    def leave_at_once(self, name: str) -> None:
        self._over[name].set()

    async def give_up(self, name: str) -> None:
        self._tasks[name].cancel()
        await _settled()

    async def _work(self, name: str) -> None:
        async with self.places.place(ord(name[0])):
            self.working.append(name)
            try:
                await self._over[name].wait()
            finally:
                self.working.remove(name)


async def _settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_places_are_for_one_when_nobody_else_waits() -> None:
    workers = Workers(2)
    await workers.come("a1", "a2", "a3")
    assert workers.working == ["a1", "a2"]


async def test_while_others_wait_nobody_has_two() -> None:
    workers = Workers(2)
    await workers.come("a1", "a2", "a3", "a4", "b1", "b2", "c1")
    await workers.go("a1")
    assert workers.working == ["a2", "b1"]
    await workers.go("a2")
    assert workers.working == ["b1", "c1"]
    await workers.go("c1")
    assert workers.working == ["b1", "a3"]
    await workers.go("b1")
    assert workers.working == ["a3", "b2"]


async def test_who_gives_up_leaves_the_place_to_others() -> None:
    workers = Workers(1)
    await workers.come("a1", "b1", "c1", "d1")
    await workers.give_up("b1")
    await workers.give_up("a1")
    assert workers.working == ["c1"]
    workers.places.close()
    await workers.go("c1")
    assert workers.working == []


async def test_a_place_that_is_given_up_in_the_moment_it_is_given_is_free_again() -> None:
    workers = Workers(1)
    await workers.come("a1", "b1")
    workers.leave_at_once("a1")
    for _ in range(4):
        if workers.working:
            await asyncio.sleep(0)
    await workers.give_up("b1")
    await workers.come("c1")
    assert workers.working == ["c1"]
