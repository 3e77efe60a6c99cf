"""The side list and the settings of the chat page, in a real browser."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visitor

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


def held(visitor: Visitor, text: str) -> str:
    """A conversation in which that was said; its address."""
    visitor.opens()
    visitor.says(f"@concierge {text}")
    visitor.hears(text, count=1)
    return visitor.page.url


def entry(visitor: Visitor, title: str) -> Locator:
    return visitor.page.locator(".shelved-row", has_text=title)


def menu(visitor: Visitor, title: str, choice: str) -> None:
    """Choose from the menu of the conversation `title`."""
    entry(visitor, title).hover()
    entry(visitor, title).get_by_role("button", name=f"What to do with “{title}”").click()
    visitor.page.get_by_role("menuitem", name=choice).click()


def test_a_conversation_is_renamed_on_every_tab(visit: Visit) -> None:
    visitor = visit()
    held(visitor, "Plans for spring")
    other = visitor.second_tab()
    menu(visitor, "Plans for spring", "Rename")
    field = visitor.page.get_by_role("textbox", name="Rename")
    expect(field).to_have_value("Plans for spring")
    field.fill("Garden")
    field.press("Enter")
    expect(visitor.page.locator(".shelved[aria-current=page]")).to_have_text("Garden")
    expect(other.page.locator(".shelved[aria-current=page]")).to_have_text("Garden")


def test_a_search_finds_what_was_said_and_leads_there(visit: Visit) -> None:
    visitor = visit()
    lighthouse = held(visitor, "The keeper of the lighthouse")
    held(visitor, "Something about gardens")
    search = visitor.page.get_by_role("searchbox", name="Search conversations")
    search.press_sequentially("lighthouses")
    expect(visitor.page.locator(".shelved")).to_have_count(1)
    expect(visitor.page.locator(".shelved-snippet")).to_contain_text("lighthouse")
    search.fill("nothing like it")
    expect(visitor.page.get_by_text("Nothing was found.")).to_be_visible()
    search.fill("keeper")
    visitor.page.locator(".shelved").click()
    expect(visitor.page).to_have_url(lighthouse)


def test_a_conversation_is_put_away_and_back(visit: Visit) -> None:
    visitor = visit()
    address = held(visitor, "Old plans")
    menu(visitor, "Old plans", "Put into the archive")
    expect(visitor.page).to_have_url(visitor.address + "/")
    expect(entry(visitor, "Old plans")).to_have_count(0)
    visitor.button("Archive").click()
    entry(visitor, "Old plans").get_by_role("link").click()
    expect(visitor.page).to_have_url(address)
    visitor.is_ready()
    visitor.button("Archive").click()
    menu(visitor, "Old plans", "Take out of the archive")
    expect(visitor.page.get_by_text("Nothing is put away here.")).to_be_visible()
    visitor.button("Back").click()
    expect(entry(visitor, "Old plans")).to_be_visible()


def test_a_conversation_is_deleted_for_good_when_that_is_confirmed(visit: Visit) -> None:
    visitor = visit()
    held(visitor, "Keep this")
    address = held(visitor, "Away with this")
    menu(visitor, "Away with this", "Delete…")
    dialog = visitor.page.get_by_role("alertdialog", name="Delete this conversation?")
    expect(dialog).to_contain_text("Away with this")
    expect(dialog.get_by_role("button", name="Cancel")).to_be_focused()
    visitor.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    menu(visitor, "Away with this", "Delete…")
    dialog.get_by_role("button", name="Delete for good").click()
    expect(visitor.page).to_have_url(visitor.address + "/")
    expect(entry(visitor, "Away with this")).to_have_count(0)
    expect(entry(visitor, "Keep this")).to_be_visible()
    visitor.page.goto(address)
    expect(visitor.page.get_by_role("alert")).to_contain_text("There is no such conversation in this browser")


def test_another_conversation_than_the_open_one_is_downloaded(visit: Visit) -> None:
    visitor = visit()
    held(visitor, "Write this down")
    here = held(visitor, "And this")
    with visitor.page.expect_download() as downloading:
        menu(visitor, "Write this down", "Download as Markdown")
    assert downloading.value.suggested_filename.endswith(".md")
    text = downloading.value.path().read_text()
    assert "Write this down" in text
    assert "And this" not in text
    assert visitor.page.url == here


def test_the_settings_are_kept(visit: Visit) -> None:
    visitor = visit().opens()
    visitor.button("Settings").click()
    panel = visitor.page.get_by_role("dialog", name="Settings")
    expect(panel.get_by_role("radio", name="Briefly")).to_be_checked()
    panel.get_by_role("radio", name="Not at all").check()
    expect(visitor.page.locator(".notice")).to_be_visible()
    visitor.page.reload()
    visitor.is_ready()
    visitor.button("Settings").click()
    expect(panel.get_by_role("radio", name="Not at all")).to_be_checked()
    visitor.page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    visitor.says("@concierge think about it")
    expect(visitor.page.locator(".live")).to_be_visible()
    expect(visitor.page.locator(".thinking")).to_be_hidden()
    visitor.releases()
    visitor.hears("Polling needs no public address.")


def test_the_whole_page_changes_its_language(visit: Visit) -> None:
    visitor = visit()
    held(visitor, "Hello")
    visitor.button("Settings").click()
    visitor.page.get_by_role("combobox", name="Language").select_option("ru")
    expect(visitor.page.locator("html")).to_have_attribute("lang", "ru")
    visitor.is_ready()
    expect(visitor.button("Настройки")).to_be_visible()
    expect(visitor.page.locator(".bubble")).to_have_text("Hello")


def test_a_code_to_connect_another_messenger_is_shown(visit: Visit) -> None:
    visitor = visit().opens()
    visitor.button("Settings").click()
    visitor.button("Connect another messenger").click()
    notice = visitor.page.locator(".notice")
    expect(notice).to_contain_text(re.compile(r"\b[0-9A-Z]{8}\b"))
    expect(notice).to_be_in_viewport()
    expect(visitor.page.get_by_role("dialog", name="Settings")).to_be_hidden()


def test_everything_can_be_reached_on_a_phone(visit: Visit) -> None:
    phone = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark").opens()
    phone.box.fill("@concierge chart it")
    phone.button("Send").click()
    phone.hears("Here it is.")
    assert phone.overflow <= 0
    phone.page.locator("button.chooser").tap()
    phone.page.get_by_role("menuitemradio", name="Mentor").tap()
    expect(phone.page.locator("button.chooser")).to_contain_text("Mentor")
    phone.button("Show conversations").tap()
    phone.page.locator(".shelved-row .icon-button").first.tap()
    expect(phone.page.get_by_role("menuitem", name="Rename")).to_be_in_viewport()
    phone.page.keyboard.press("Escape")
    phone.button("Settings").tap()
    expect(phone.page.get_by_role("dialog", name="Settings")).to_be_in_viewport()
    assert phone.overflow <= 0


def test_a_button_of_a_command_leads_to_the_address_of_a_conversation(visit: Visit) -> None:
    visitor = visit()
    earlier = held(visitor, "The keeper of the lighthouse")
    here = held(visitor, "Something about gardens")
    visitor.says("/threads")
    visitor.page.locator(".notice").get_by_role("button", name="The keeper of the lighthouse").click()
    expect(visitor.page).to_have_url(earlier)
    visitor.is_ready()
    expect(visitor.page.locator(".bubble")).to_have_text("The keeper of the lighthouse")
    visitor.page.goto(here)
    expect(visitor.page.locator(".bubble")).to_have_text("Something about gardens")
