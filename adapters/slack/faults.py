"""What the Web API and the network answer, in our own tree of errors.

The codes are those of each method's page at docs.slack.dev/reference/methods. `detail` of what `translate` gives
begins with Slack's own code, where there is one.
"""

from aiohttp import ClientConnectorError, ClientError, InvalidURL, NonHttpUrlClientError
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.domain.errors import (
    Ambiguous,
    Blocked,
    FileGone,
    Flooded,
    MessageGone,
    MessengerError,
    Misconfigured,
    StreamEnded,
    TopicGone,
    Unreachable,
    Unrenderable,
)

FAILURES = (SlackClientError, ClientError, OSError, ValueError, TypeError, AttributeError)
"""What a call may end with. The last three come of answers that the SDK takes for an object and that are none."""

UNAUTHORISED = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
"""Codes that say that the token itself is no good any more."""

_FLOODS = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
_FLOOD_SECONDS = 30.0
_LONGEST_CODE = 60

# Slack's own trouble: nothing says whether it happened before or after the work was done.
_IN_DOUBT = frozenset({"internal_error", "fatal_error", "request_timeout", "update_failed"})
_NOT_YET = frozenset({"service_unavailable", "team_added_to_org", "accesslimited", "streaming_state_conflict"})

_KINDS: dict[type[MessengerError], frozenset[str]] = {
    Misconfigured: UNAUTHORISED
    | {
        "access_denied",
        "deprecated_endpoint",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "feature_disabled",
        "feature_not_enabled",
        "forbidden_team",
        "messages_tab_disabled",
        "method_deprecated",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "org_login_required",
        "team_access_not_granted",
        "two_factor_setup_required",
        "unknown_method",
    },
    Blocked: frozenset(
        {
            "bot_not_member",
            "cannot_dm_bot",
            "channel_is_archived",
            "channel_not_found",
            "is_archived",
            "not_in_channel",
            "restricted_action",
            "restricted_action_non_threadable_channel",
            "restricted_action_read_only_channel",
            "restricted_action_thread_only_channel",
            "team_not_found",
            "user_disabled",
            "user_not_found",
            "user_not_in_channel",
            "user_not_visible",
            "users_not_found",
        }
    ),
    TopicGone: frozenset(
        {"cannot_reply_to_message", "invalid_thread_ts", "restricted_action_thread_locked", "thread_not_found"}
    ),
    MessageGone: frozenset(
        {
            "cant_delete_message",
            "cant_update_message",
            "compliance_exports_prevent_deletion",
            "edit_window_closed",
            "message_not_found",
            "message_not_owned_by_app",
        }
    ),
    StreamEnded: frozenset({"message_not_in_streaming_state", "stopped_by_user"}),
    FileGone: frozenset(
        {
            "file_deleted",
            "file_not_found",
            "slack_connect_blocked_file_type",
            "slack_connect_canvas_sharing_blocked",
            "slack_connect_file_upload_sharing_blocked",
        }
    ),
    # Whoever pressed is gone on: no form opens for that press any more.
    MessengerError: frozenset({"exchanged_trigger_id", "expired_trigger_id", "invalid_trigger_id", "trigger_expired"}),
}


def translate(exc: Exception, *, repeatable: bool = True) -> MessengerError:
    """The error of ours that `exc` of a call means.

    `repeatable` says that the call may be made twice without harm (edit, delete). Only for the others it matters
    whether the platform may have acted already: then a cut connection is `Ambiguous`.
    """
    in_doubt = Unreachable if repeatable else Ambiguous
    match exc:
        case SlackApiError():
            return _refusal(exc, in_doubt)
        case InvalidURL() | NonHttpUrlClientError():
            return Misconfigured("SLACK_API_BASE is not an http address")
        case ClientConnectorError():
            return Unreachable(type(exc).__name__)
        case UnicodeEncodeError():
            return Unrenderable("text that is not Unicode")
        case _:
            return in_doubt(type(exc).__name__)


def code_of(trouble: MessengerError) -> str:
    """Slack's own code for it; something else when Slack did not answer."""
    return trouble.detail.partition(":")[0]


def _refusal(exc: SlackApiError, in_doubt: type[MessengerError]) -> MessengerError:
    response = exc.response
    # The SDK puts its own kind of response here, or aiohttp's when the body was no JSON at all.
    status = getattr(response, "status_code", None) or getattr(response, "status", 0)
    data = getattr(response, "data", None)
    code = str(data.get("error") or "")[:_LONGEST_CODE] if isinstance(data, dict) else ""
    if status == 429 or code in _FLOODS:
        return Flooded(code or "ratelimited", retry_after_seconds=retry_after_seconds(response))
    if code in _NOT_YET:
        return Unreachable(code)
    if not code or code in _IN_DOUBT:
        return in_doubt(code or f"HTTP {status} without an answer")
    kind = next((kind for kind, codes in _KINDS.items() if code in codes), Unrenderable)
    needed = data.get("needed") if isinstance(data, dict) else None
    return kind(f"{code}: {needed}" if code == "missing_scope" and needed else code)


def retry_after_seconds(response: object) -> float:
    """How long Slack asks us to wait, in an answer of its SDK or of aiohttp; half a minute when it does not say."""
    headers = getattr(response, "headers", None) or {}
    try:
        return max(float(headers.get("Retry-After", "")), 0.0)
    except (TypeError, ValueError):
        return _FLOOD_SECONDS
