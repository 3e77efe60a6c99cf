"""Methods about the bot itself: who it is, its updates, its commands."""

from adapters.telegram.emulator.schema import Request
from adapters.telegram.emulator.updates import Webhook
from adapters.telegram.emulator.wire import Json, bad_request
from adapters.telegram.emulator.world import CALLBACK_SECONDS, World

MAX_COMMANDS = 100


async def get_me(world: World, _request: Request) -> Json:
    return world.me.to_json() | {
        "can_join_groups": True,
        "can_read_all_group_messages": not world.privacy,
        "supports_inline_queries": False,
        "has_topics_enabled": world.has_topics,
        "allows_users_to_create_topics": world.has_topics,
    }


async def get_updates(world: World, request: Request) -> list[Json]:
    limit = request.number("limit", 100)
    if not 1 <= limit <= 100:
        limit = 100
    _set_allowed(world, request)
    return await world.updates.take(request.number("offset"), limit, request.number("timeout"))


def _set_allowed(world: World, request: Request) -> None:
    if "allowed_updates" in request.params:
        world.updates.allowed = [str(kind) for kind in request.params["allowed_updates"]]


async def set_webhook(world: World, request: Request) -> bool:
    url = request.text("url")
    secret = request.text("secret_token")
    if secret and (len(secret) > 256 or not all(c.isascii() and (c.isalnum() or c in "_-") for c in secret)):
        raise bad_request("secret token contains unallowed characters")
    if url and not url.startswith(("https://", "http://localhost", "http://127.0.0.1")):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    _set_allowed(world, request)
    if request.flag("drop_pending_updates"):
        world.updates.drop_pending()
    world.updates.webhook = Webhook(url, secret, request.number("max_connections", 40)) if url else None
    if url:
        await world.updates.deliver_due()
    return True


async def delete_webhook(world: World, request: Request) -> bool:
    world.updates.webhook = None
    if request.flag("drop_pending_updates"):
        world.updates.drop_pending()
    return True


async def get_webhook_info(world: World, _request: Request) -> Json:
    hook = world.updates.webhook
    info: Json = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": world.updates.pending,
    }
    if hook is not None:
        info["max_connections"] = hook.max_connections
        if hook.last_error:
            info |= {"last_error_message": hook.last_error, "last_error_date": hook.last_error_at}
    if world.updates.allowed:
        info["allowed_updates"] = world.updates.allowed
    return info


async def log_out(world: World, _request: Request) -> bool:
    world.logged_out = True
    return True


async def close(_world: World, _request: Request) -> bool:
    return True


def _scope(request: Request) -> str:
    scope = request.params.get("scope") or {"type": "default"}
    parts = (scope.get("type", "default"), scope.get("chat_id", ""), scope.get("user_id", ""))
    return ":".join(str(part) for part in (*parts, request.text("language_code")))


async def set_my_commands(world: World, request: Request) -> bool:
    commands = list(request.params.get("commands") or [])
    if len(commands) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    for command in commands:
        name, description = str(command["command"]).removeprefix("/"), str(command["description"])
        if not 1 <= len(name) <= 32 or not all(c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in name):
            raise bad_request("BOT_COMMAND_INVALID")
        if not 1 <= len(description) <= 256:
            raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    world.commands[_scope(request)] = commands
    return True


async def get_my_commands(world: World, request: Request) -> list[Json]:
    return world.commands.get(_scope(request), [])


async def delete_my_commands(world: World, request: Request) -> bool:
    world.commands.pop(_scope(request), None)
    return True


async def set_my_description(world: World, request: Request) -> bool:
    return _describe(world, request, "description", 512)


async def set_my_short_description(world: World, request: Request) -> bool:
    return _describe(world, request, "short_description", 120)


def _describe(world: World, request: Request, name: str, limit: int) -> bool:
    text = request.text(name)
    if len(text) > limit:
        raise bad_request(f"bot {name.replace('_', ' ')} is too long")
    world.descriptions[f"{name}:{request.text('language_code')}"] = text
    return True


async def answer_callback_query(world: World, request: Request) -> bool:
    press = world.presses.get(request.text("callback_query_id"))
    if press is None or world.clock.monotonic() - press.at > CALLBACK_SECONDS:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    if len(request.text("text")) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    press.answered, press.text, press.show_alert = True, request.text("text"), request.flag("show_alert")
    return True


async def get_file(world: World, request: Request) -> Json:
    file = world.files.by_id(request.text("file_id"))
    if world.local_folder is None:
        return file.to_json() | {"file_path": world.files.link(file.file_id)}
    path = world.local_folder / file.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(file.data)
    return file.to_json() | {"file_path": str(path)}
