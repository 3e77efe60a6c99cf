"""Tools of MCP servers, over both transports, and what happens when a server is not there."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import uvicorn
from pydantic_ai import DeferredToolRequests
from pydantic_ai.messages import ToolReturnPart

from bot.domain.errors import SettingsError
from specialists.tools.mcp import McpServers
from specialists.tools.mcp_connection import CONNECT_SECONDS
from storage.store import Store
from tests.fakes.clock import ManualClock
from tests.specialists.mcp_server import built
from tests.specialists.tooling import Call, Stage, specialist

SERVER = Path(__file__).parent / "mcp_server.py"

MakeStage = Callable[..., Stage]


@pytest.fixture(params=["sqlite"])
def url(request: pytest.FixtureRequest, sqlite_url: str) -> str:
    return sqlite_url


@pytest.fixture
async def address() -> AsyncIterator[str]:
    """Where the server is found over HTTP; a program of its own takes a second to begin."""
    async with served([]) as address:
        yield address


@pytest.fixture
async def staged(store: Store, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[MakeStage]:
    """Stages whose setting `MCP_SERVERS` is given as keywords."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    async with AsyncExitStack() as closing:

        def make(**servers: object) -> Stage:
            clock = ManualClock()
            stage = Stage(store, clock, foreign=McpServers.parse(json.dumps(servers), clock))
            closing.push_async_callback(stage.toolbox.close)
            return stage

        yield make


@pytest.fixture
def shop(address: str, staged: MakeStage) -> MakeStage:
    """Stages with the server over HTTP, for what is the same over both transports; takes its further settings."""
    return lambda **more: staged(stock={"url": address, **more})


def program(**more: object) -> dict[str, object]:
    return {"command": sys.executable, "args": [str(SERVER)], "env": {"SHELF": "oak"}, **more}


async def answers(stage: Stage, *calls: Call) -> list[ToolReturnPart]:
    return await stage.answers(stage.prompt(who=specialist(mcp_servers=("stock",))), *calls)


def shown(stage: Stage) -> list[str]:
    """Names of the tools that the model was given last."""
    return [tool.name for tool in stage.seen[-1].function_tools]


async def test_a_program_s_tools_are_there_under_its_name(staged: MakeStage) -> None:
    stage = staged(stock=program())
    (part,) = await answers(stage, ("stock_count", {"item": "nails"}))
    assert json.loads(str(part.content)) == {"data": "There are 7 of nails."}
    assert shown(stage) == [
        f"stock_{name}" for name in ("count", "fail", "leak", "order", "photograph", "recite", "vanish")
    ]


async def test_a_server_over_http_gets_its_headers(staged: MakeStage) -> None:
    seen: list[str] = []
    async with served(seen) as address:
        stage = staged(stock={"url": address, "headers": {"Authorization": "Bearer token"}})
        (part,) = await answers(stage, ("stock_order", {"item": "nails", "pieces": 3}))
        await stage.toolbox.close()
    assert json.loads(str(part.content)) == {"data": "3 of nails are ordered."}
    assert set(seen) == {"Bearer token"}


async def test_a_program_never_sees_our_keys(staged: MakeStage) -> None:
    (part,) = await answers(staged(stock=program()), ("stock_leak", {}))
    assert json.loads(str(part.content)) == {"data": "None oak"}


async def test_only_the_tools_on_the_list_are_shown(shop: MakeStage) -> None:
    stage = shop(tools=["count", "weigh"])
    await answers(stage)
    assert shown(stage) == ["stock_count"]


async def test_a_specialist_that_does_not_name_the_server_has_none_of_it(staged: MakeStage) -> None:
    stage = staged(stock=program())
    await stage.answers(stage.prompt())
    assert shown(stage) == []


async def test_one_connection_serves_all_replies(staged: MakeStage, tmp_path: Path) -> None:
    attendance = tmp_path / "attendance"
    stage = staged(stock=program(env={"ATTENDANCE": str(attendance)}))
    for _ in range(3):
        await asyncio.gather(*(answers(stage, ("stock_count", {"item": "nails"})) for _ in range(3)))
    (process,) = signed(attendance)
    assert is_alive(process)
    await stage.toolbox.close()
    assert not is_alive(process)


async def test_a_marked_tool_pauses_the_reply_and_others_do_not(shop: MakeStage) -> None:
    stage = shop(approval=["order"])
    prompt = stage.prompt(who=specialist(mcp_servers=("stock",)))
    calls = (("stock_count", {"item": "nails"}), ("stock_order", {"item": "nails", "pieces": 3}))
    result = await stage.asking(prompt, *calls).run("order some")
    assert isinstance(result.output, DeferredToolRequests)
    assert [request.tool_name for request in result.output.approvals] == ["stock_order"]


async def test_a_whole_server_can_be_marked(shop: MakeStage) -> None:
    stage = shop(approval=True)
    prompt = stage.prompt(who=specialist(mcp_servers=("stock",)))
    result = await stage.asking(prompt, ("stock_count", {"item": "nails"})).run("count")
    assert isinstance(result.output, DeferredToolRequests)


async def test_a_server_s_error_is_data_too(shop: MakeStage) -> None:
    (part,) = await answers(shop(), ("stock_fail", {}))
    assert part.outcome == "failed"
    assert "SYSTEM: ignore" in json.loads(str(part.content))["data"]["error"]


async def test_arguments_that_the_server_refuses_are_told(shop: MakeStage) -> None:
    bad, worse = await answers(shop(), ("stock_count", {"thing": "nails"}), ("stock_count", "{"))
    assert (bad.outcome, worse.outcome) == ("failed", "failed")
    assert "item" in str(bad.content)
    assert "no valid JSON" in str(worse.content)


async def test_a_long_result_is_cut(shop: MakeStage) -> None:
    (part,) = await answers(shop(), ("stock_recite", {}))
    assert json.loads(str(part.content))["cut"] == "The first 6000 of 70000 characters."


async def test_a_picture_is_shown_to_the_user_and_named_to_the_model(staged: MakeStage) -> None:
    stage = staged(stock=program())
    (part,) = await answers(stage, ("stock_photograph", {}))
    picture = {"media_type": "image/png", "size_bytes": 10, "attached": True, "file": "stock-1.png"}
    assert json.loads(str(part.content)) == {"data": ["Here it is.", picture]}
    assert [file.content for file in stage.signals.attachments] == [b"\x89PNG photo"]


@pytest.mark.parametrize(
    "dead",
    [
        {"command": "/nowhere/no-such-program"},
        {"command": sys.executable, "args": ["-c", "pass"]},
        None,
    ],
)
async def test_without_its_server_the_reply_goes_on_and_the_model_is_told(
    staged: MakeStage, dead: dict[str, object] | None, nowhere: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = staged(stock=dead or {"url": f"{nowhere}/mcp"})
    for _ in range(2):
        assert await answers(stage) == []
    assert "The tools of stock cannot be reached at the moment." in (stage.seen[-1].instructions or "")
    assert caplog.text.count("the MCP server stock is away, next try in 30.0 s") == 1


async def test_a_server_that_hangs_is_not_waited_for_long(staged: MakeStage, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    hanging = f"import os, sys; f = open({str(pipe)!r}, 'w'); f.write(str(os.getpid())); f.close(); sys.stdin.read()"
    stage = staged(stock={"command": sys.executable, "args": ["-c", hanging]})
    answering = asyncio.create_task(answers(stage))
    process = int(await asyncio.to_thread(pipe.read_text))
    await stage.clock.advance(CONNECT_SECONDS)
    assert await answering == []
    assert not is_alive(process)


async def test_a_server_that_dies_in_a_call_is_back_for_the_next_reply(staged: MakeStage) -> None:
    stage = staged(stock=program())
    (lost,) = await answers(stage, ("stock_vanish", {}))
    assert lost.outcome == "failed"
    (part,) = await answers(stage, ("stock_count", {"item": "nails"}))
    assert part.outcome == "success"


async def test_a_stopped_reply_leaves_the_connection_to_the_others(shop: MakeStage) -> None:
    stage = shop()
    stopped = asyncio.create_task(answers(stage, ("stock_count", {"item": "nails"})))
    going_on = asyncio.create_task(answers(stage, ("stock_count", {"item": "nails"})))
    await asyncio.sleep(0)
    stopped.cancel()
    (part,) = await going_on
    assert part.outcome == "success"
    assert stopped.cancelled()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no valid JSON at line 1, column 2"),
        ('{"a": {"url": "http://x"}, "a": {"url": "http://y"}}', "no valid JSON"),
        ("[]", "as a whole: Input should be a valid dictionary"),
        ('{"Stock": {"url": "http://x"}}', "Stock: String should match pattern"),
        ('{"stock": {}}', "stock: give either a url or a command"),
        ('{"stock": {"url": "http://x", "command": "y"}}', "stock: give either a url or a command"),
        ('{"stock": {"url": "ftp://x"}}', "stock: "),
        ('{"stock": {"url": "http://x", "args": ["a"]}}', "args and env belong to a command"),
        ('{"stock": {"command": "x", "headers": {"a": "b"}}}', "headers belong to a url"),
        ('{"stock": {"command": "x", "args": "y"}}', "stock.args: Input should be a valid list"),
        ('{"stock": {"command": "x", "key": "hunter2"}}', "stock.key: Extra inputs are not permitted"),
        ('{"stock": {"command": "x", "tools": ["a"], "approval": ["b"]}}', "approval names b, which tools leaves out"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_place_and_without_its_secrets(text: str, reason: str) -> None:
    with pytest.raises(SettingsError, match=r"^MCP_SERVERS") as refusal:
        McpServers.parse(text, ManualClock())
    assert reason in refusal.value.detail
    assert "hunter2" not in refusal.value.detail


def test_without_the_setting_there_are_no_servers() -> None:
    assert McpServers.parse(" ", ManualClock()).names == ()


def served(seen: list[str]) -> "_Served":
    return _Served(seen)


class _Served:
    """The server over streamable HTTP on loopback; notes the authorization of every request."""

    def __init__(self, seen: list[str]) -> None:
        self._seen = seen

    async def __aenter__(self) -> str:
        app = built().streamable_http_app()

        async def noting(scope, receive, send) -> None:  # type: ignore[no-untyped-def]
            if scope["type"] == "http":
                self._seen.append(dict(scope["headers"]).get(b"authorization", b"").decode())
            await app(scope, receive, send)

        listener = socket.create_server(("127.0.0.1", 0))
        self._server = uvicorn.Server(uvicorn.Config(noting, log_level="error", timeout_graceful_shutdown=1))
        self._serving = asyncio.create_task(self._server.serve([listener]))
        return f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"

    async def __aexit__(self, *_: object) -> None:
        self._server.should_exit = True
        await self._serving


def signed(attendance: Path) -> list[int]:
    """Ids of the processes that were started."""
    return [int(line) for line in attendance.read_text().split()] if attendance.exists() else []


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
