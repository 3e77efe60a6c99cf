"""Methods about users, bots, tokens, connections and installations."""

from adapters.slack.emulator.request import Method, Request
from adapters.slack.emulator.wire import Json, Refusal, invalid_arguments


def auth_test(request: Request) -> Json:
    team = request.team
    return {
        "url": f"https://{team.name.lower()}.slack.com/",
        "team": team.name,
        "user": team.members[team.bot_user].name,
        "team_id": team.id,
        "user_id": team.bot_user,
        "bot_id": team.bot,
        "is_enterprise_install": False,
    }


def auth_revoke(request: Request) -> Json:
    if not request.flag("test"):
        request.team.token = ""
    return {"revoked": not request.flag("test")}


def users_info(request: Request) -> Json:
    user = request.team.members.get(request.text("user"))
    if user is None:
        raise Refusal("user_not_found")
    return {"user": user.to_json(with_locale=request.flag("include_locale"))}


def bots_info(request: Request) -> Json:
    team = request.team
    if request.text("bot", team.bot) != team.bot:
        raise Refusal("bot_not_found")
    bot = {"id": team.bot, "app_id": team.app, "user_id": team.bot_user, "name": team.members[team.bot_user].name}
    return {"bot": bot | {"deleted": False}}


def connections_open(request: Request) -> Json:
    """https://docs.slack.dev/reference/methods/apps.connections.open"""
    if request.world.sockets is None:
        raise Refusal("feature_not_enabled")
    return {"url": request.world.sockets()}


def oauth_access(request: Request) -> Json:
    """https://docs.slack.dev/reference/methods/oauth.v2.access"""
    client_id = request.text("client_id") or request.basic[0]
    secret = request.text("client_secret") or request.basic[1]
    if client_id != request.world.client_id:
        raise Refusal("invalid_client_id")
    if secret != request.world.client_secret:
        raise Refusal("bad_client_secret")
    if request.has("grant_type"):
        raise invalid_arguments("the emulator has no token rotation")
    team = next((one for one in request.world.teams.values() if request.text("code") in one.codes), None)
    if team is None:
        raise Refusal("invalid_code")
    if request.text("redirect_uri") != team.codes.pop(request.text("code")):
        raise Refusal("bad_redirect_uri")
    person = next((one.id for one in team.members.values() if not one.bot), team.bot_user)
    return {
        "access_token": request.world.install(team),
        "token_type": "bot",
        "scope": ",".join(sorted(team.scopes)),
        "bot_user_id": team.bot_user,
        "app_id": team.app,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
        "authed_user": {"id": person},
    }


METHODS = (
    Method("auth.test", auth_test, "special"),
    Method("auth.revoke", auth_revoke, "tier3", optional={"test": "flag"}, json_body=False),
    Method(
        "users.info",
        users_info,
        "tier4",
        {"user": "text"},
        {"include_locale": "flag"},
        scope="users:read",
        json_body=False,
    ),
    Method(
        "bots.info",
        bots_info,
        "tier3",
        optional={"bot": "text", "team_id": "text"},
        scope="users:read",
        json_body=False,
    ),
    Method("apps.connections.open", connections_open, "tier1", auth="app", json_body=False),
    Method(
        "oauth.v2.access",
        oauth_access,
        "tier4",
        optional={
            "client_id": "text",
            "client_secret": "text",
            "code": "text",
            "redirect_uri": "text",
            "grant_type": "text",
            "refresh_token": "text",
        },
        auth="client",
        json_body=False,
    ),
)
