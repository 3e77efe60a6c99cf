"""The names of our commands."""

MENU = (
    "new",
    "specialists",
    "threads",
    "search",
    "stop",
    "rename",
    "archive",
    "delete",
    "export",
    "memory",
    "usage",
    "settings",
    "thinking",
    "voice",
    "language",
    "link",
    "forget",
    "help",
)
"""Commands of the messengers' menus, in order; the Fluent key of each description is `command-NAME`."""

NAMES: frozenset[str] = frozenset(MENU) | {"start", "specialist", "open"}
"""Every command but the specialists' own."""

ANYONE = "anyone"
"""Stands where the name of a specialist could, for whoever fits best."""

RESERVED: frozenset[str] = NAMES | {
    *("order", "human", "cancel", ANYONE),
    *("c", "canned", "transcript", "summary", "who", "assign", "handback", "resolve", "ban"),
}
"""What no specialist may be called, as `/name` would not reach it: our commands, and words that are kept for more."""
