"""The side list of the page: search, the visitor's conversations, and what can be done with each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from nicegui.events import GenericEventArguments

from bot.console.markup import Tag, icon, icon_button
from bot.console.shelf import Shelf, Shelved
from bot.console.words import Words

_FORMATS = (("md", "Markdown"), ("json", "JSON"), ("html", "HTML"))
_SEARCH_EVERY_SECONDS = 0.25
_TITLE_CHARS = 100
_PICKED = "() => emit(switchboard.picked())"


@dataclass(frozen=True, slots=True)
class Errands:
    """What the visitor can ask of their conversations; those are named by the ids of their threads."""

    search: Callable[[str], Awaitable[None]]
    open: Callable[[int], Awaitable[None]]
    rename: Callable[[int, str], Awaitable[None]]
    archive: Callable[[int], Awaitable[None]]
    restore: Callable[[int], Awaitable[None]]
    delete: Callable[[int], Awaitable[None]]
    export: Callable[[int, str], Awaitable[None]]
    show_archived: Callable[[], Awaitable[None]]


class Sidebar:
    """Shows a `Shelf`, the open conversation marked."""

    def __init__(self, words: Words, title: str, errands: Errands) -> None:
        self._words = words
        self._errands = errands
        self._shown: tuple[object, ...] | None = None
        with Tag("aside", "side", id="side", aria_label=words("web-conversations")):
            with Tag("div", "side-head"):
                Tag("span", "brand", title)
                icon_button("close", words("web-close-list"), "only-narrow", data_drawer="close")
            with Tag("a", "new-chat", href="/"):
                icon("plus")
                Tag("span", "", words("web-new"))
            self._build_search()
            with Tag("div", "side-heading"):
                self._heading = Tag("h2", "", words("web-conversations"))
                self._archived = Tag("button", "text-button", type="button", aria_pressed="false")
                self._archived.on("click", errands.show_archived, args=[])
            self._list = Tag("nav", "shelf", aria_label=words("web-conversations"))
            with Tag("button", "settings-button", type="button", popovertarget="settings", aria_haspopup="dialog"):
                icon("settings")
                Tag("span", "", words("web-settings"))
        Tag("div", "scrim", data_drawer="close")
        self._build_menu()
        self._build_rename()
        self._build_delete()

    def show(self, shelf: Shelf, here: int) -> None:
        """`here` is the thread that is open."""
        shown = (shelf.items, shelf.hits, shelf.words, shelf.shows_archived, here)
        if self._shown == shown:
            return
        self._shown = shown
        words, items = self._words, shelf.hits if shelf.words else shelf.items
        self._heading.set_text(words(_heading(shelf)))
        self._archived.set_text(words("web-leave-archive" if shelf.shows_archived else "web-archive"))
        self._archived.set(aria_pressed="true" if shelf.shows_archived else "false")
        self._archived.set_visibility(not shelf.words)
        self._list.clear()
        with self._list:
            for item in items:
                self._show_item(item, is_here=item.thread == here)
            if not items and (shelf.words or shelf.shows_archived):
                Tag("p", "shelf-empty", words("web-nothing-found" if shelf.words else "web-archive-empty"))

    def _show_item(self, item: Shelved, *, is_here: bool) -> None:
        title = item.title or self._words("web-untitled")
        with Tag("div", "shelved-row here" if is_here else "shelved-row"):
            if item.path:
                entry = Tag("a", "shelved", href=item.path, dir="auto")
            else:
                entry = Tag("button", "shelved", type="button", dir="auto")
                entry.on("click", lambda: self._errands.open(item.thread), args=[])
            if is_here:
                entry.set(aria_current="page")
            with entry:
                Tag("span", "shelved-title", title)
                if item.snippet:
                    Tag("span", "shelved-snippet", item.snippet)
            more = icon_button("more", self._words("web-menu-of", name=title), "quiet", popovertarget="shelf-menu")
            more.set(aria_haspopup="menu", data_thread=item.thread, data_title=title, data_archived=item.archived)

    def _build_search(self) -> None:
        words = self._words
        with Tag("div", "search", role="search"):
            icon("search")
            box = Tag("input", "", id="search", type="search", autocomplete="off", maxlength=200)
            box.set(placeholder=words("web-search"), aria_label=words("web-search"), enterkeyhint="search")
            box.on(
                "input",
                self._searched,
                throttle=_SEARCH_EVERY_SECONDS,
                leading_events=False,
                js_handler="(event) => emit(event.target.value)",
            )

    def _build_menu(self) -> None:
        """One menu for all conversations: the browser knows at which of them it was opened."""
        words, errands = self._words, self._errands
        with Tag("div", "menu", id="shelf-menu", popover="auto", role="menu", aria_label=words("web-menu")):
            self._entry("edit", words("web-rename"), data_dialog="rename")
            self._deed("archive", words("web-archive-this"), errands.archive, "unless-archived")
            self._deed("archive", words("web-restore"), errands.restore, "if-archived")
            for form, name in _FORMATS:
                entry = self._entry("download", words("web-export", format=name))
                entry.on("click", lambda event, form=form: errands.export(int(event.args), form), js_handler=_PICKED)
            self._entry("trash", words("web-delete"), "danger", data_dialog="delete")

    def _entry(self, drawing: str, label: str, classes: str = "", **attributes: str) -> Tag:
        entry = Tag("button", f"entry {classes}").set(type="button", role="menuitem", **attributes)
        with entry:
            icon(drawing)
            Tag("span", "", label)
        return entry

    def _deed(self, drawing: str, label: str, deed: Callable[[int], Awaitable[None]], classes: str) -> None:
        self._entry(drawing, label, classes).on("click", lambda event: deed(int(event.args)), js_handler=_PICKED)

    def _build_rename(self) -> None:
        words = self._words
        with (
            Tag("dialog", "dialog", id="rename", aria_labelledby="rename-label"),
            Tag("form", "", method="dialog") as form,
        ):
            Tag("label", "dialog-title", words("web-rename"), id="rename-label", for_="rename-to")
            Tag("input", "field", id="rename-to", maxlength=_TITLE_CHARS, autocomplete="off", required=True, dir="auto")
            with Tag("div", "dialog-buttons"):
                Tag("button", "button", words("web-cancel"), type="button", data_close=True)
                Tag("button", "button primary", words("web-rename-save"), type="submit")
        form.on("submit", self._renamed, js_handler="() => emit([switchboard.picked(), switchboard.title()])")

    def _build_delete(self) -> None:
        words = self._words
        dialog = Tag("dialog", "dialog", id="delete", role="alertdialog", aria_labelledby="delete-label")
        with dialog, Tag("form", "", method="dialog") as form:
            Tag("h2", "dialog-title", words("web-delete-ask"), id="delete-label")
            Tag("p", "dialog-name", dir="auto")
            Tag("p", "dialog-text", words("web-delete-text"))
            with Tag("div", "dialog-buttons"):
                Tag("button", "button", words("web-cancel"), type="button", data_close=True)
                Tag("button", "button danger", words("web-delete-yes"), type="submit")
        form.on("submit", lambda event: self._errands.delete(int(event.args)), js_handler=_PICKED)

    async def _searched(self, event: GenericEventArguments) -> None:
        await self._errands.search(str(event.args))

    async def _renamed(self, event: GenericEventArguments) -> None:
        thread, title = event.args
        await self._errands.rename(int(thread), str(title))


def _heading(shelf: Shelf) -> str:
    if shelf.words:
        return "web-found"
    return "web-archived" if shelf.shows_archived else "web-conversations"
