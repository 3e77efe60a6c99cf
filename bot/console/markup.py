"""Plain HTML elements of a page, and its icons."""

from collections.abc import Mapping
from typing import Self

from nicegui import ui
from nicegui.elements.mixins.text_element import TextElement

_ICONS: Mapping[str, str] = {
    "plus": '<path d="M12 5v14M5 12h14"/>',
    "menu": '<path d="M4 7h16M4 12h16M4 17h10"/>',
    "close": '<path d="M6 6l12 12M18 6L6 18"/>',
    "send": '<path d="M12 19V5M6 11l6-6 6 6"/>',
    "stop": '<rect x="7" y="7" width="10" height="10" rx="2" fill="currentColor" stroke="none"/>',
    "down": '<path d="M12 5v14M6 13l6 6 6-6"/>',
    "copy": '<rect x="9" y="9" width="11" height="11" rx="2.5"/><path d="M15 5.5A2 2 0 0 0 13 4H6.5A2.5 2.5 0 0 0 4 '
    '6.5V13a2 2 0 0 0 1.5 2"/>',
    "again": '<path d="M20 11a8 8 0 0 0-14.3-4L4 9M4 4v5h5M4 13a8 8 0 0 0 14.3 4l1.7-2M20 20v-5h-5"/>',
    "edit": '<path d="M4 20l.9-4L16.5 4.4a2 2 0 0 1 2.8 0l.3.3a2 2 0 0 1 0 2.8L8 19.1 4 20z"/>',
    "thumb": '<path d="M7 11v9H4.5A1.5 1.5 0 0 1 3 18.5v-6A1.5 1.5 0 0 1 4.5 11H7zm0 0l4-8a2.5 2.5 0 0 1 2.5 2.5V9'
    'h5.2a2 2 0 0 1 2 2.3l-1.1 7A2 2 0 0 1 17.6 20H7"/>',
    "file": '<path d="M14 3H7.5A2.5 2.5 0 0 0 5 5.5v13A2.5 2.5 0 0 0 7.5 21h9a2.5 2.5 0 0 0 2.5-2.5V8zM14 3v5h5"/>',
    "download": '<path d="M12 4v11M7 11l5 5 5-5M5 20h14"/>',
    "shield": '<path d="M12 3l7.5 2.8v5.4c0 4.6-3 8.2-7.5 9.8-4.5-1.6-7.5-5.2-7.5-9.8V5.8z"/>'
    '<path d="M9 12l2.2 2.2L15 10"/>',
    "search": '<circle cx="11" cy="11" r="6.5"/><path d="M20 20l-4.3-4.3"/>',
    "more": '<path d="M5.5 12h.1M12 12h.1M18.5 12h.1" stroke-width="2.6"/>',
    "settings": '<path d="M4 7h9M19 7h1M4 17h1M11 17h9"/><circle cx="16" cy="7" r="2.6"/>'
    '<circle cx="8" cy="17" r="2.6"/>',
    "chevron": '<path d="M7 10l5 5 5-5"/>',
    "archive": '<path d="M4 5h16v4H4zM5.5 9v8.5A1.5 1.5 0 0 0 7 19h10a1.5 1.5 0 0 0 1.5-1.5V9M10 13h4"/>',
    "trash": '<path d="M5 7h14M10 7V4.5h4V7M7 7l.8 11.6A1.5 1.5 0 0 0 9.3 20h5.4a1.5 1.5 0 0 0 1.5-1.4L17 7"/>',
    "clip": '<path d="M19.5 11.5l-7.6 7.6a4.6 4.6 0 0 1-6.5-6.5l8.3-8.3a3.1 3.1 0 0 1 4.4 4.4l-8.2 8.2a1.5 1.5 0 0 1'
    '-2.2-2.2l7.4-7.4"/>',
    "microphone": '<rect x="9" y="3" width="6" height="11.5" rx="3"/><path d="M5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3"/>',
    "speaker": '<path d="M4 9.5v5h3.5L12 18.5v-13L7.5 9.5zM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a7.8 7.8 0 0 1 0 11"/>',
    "alert": '<circle cx="12" cy="12" r="9"/><path d="M12 7.5v5.5M12 16.4v.1"/>',
    "chat": '<path d="M4 6.5A2.5 2.5 0 0 1 6.5 4h11A2.5 2.5 0 0 1 20 6.5v7a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4'
    'A2.5 2.5 0 0 1 4 13.5z"/>',
}


class Tag(TextElement):
    """An element of HTML by its name. Its text is text: nothing in it becomes markup."""

    def __init__(self, name: str, classes: str = "", text: str = "", /, **attributes: str | bool | int) -> None:
        """`attributes` may write `_` for `-` and end in `_` where Python has the word for itself."""
        super().__init__(tag=name, text=shown(text))
        self.classes(classes)
        self.set(**attributes)

    def set(self, **attributes: str | bool | int) -> Self:
        """Change attributes; nothing is sent when they have these values already."""
        named = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        if any(self.props.get(name) != value for name, value in named.items()):
            self.props.update(named)
            self.update()
        return self


def icon(name: str, classes: str = "") -> None:
    """One of our drawings, hidden from screen readers: the button around it has the label."""
    drawing = f'<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">{_ICONS[name]}</svg>'
    ui.html(drawing, sanitize=False, tag="span").classes(f"icon {classes}")


def icon_button(name: str, label: str, classes: str = "", **attributes: str | bool | int) -> Tag:
    """A button that shows a drawing and says `label`."""
    button = Tag("button", f"icon-button {classes}").set(type="button", aria_label=label, title=label, **attributes)
    with button:
        icon(name)
    return button


def shown(text: str) -> str:
    """`text` without lone surrogates, which no page can carry."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
