"""Specialists, decisions and files on the chat page, in a real browser."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.browser.scripts import picture

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]


def speaker(visitor: Visitor) -> str:
    """Who gave the newest reply."""
    return visitor.page.locator(".turn").last.locator(".author").inner_text()


def test_a_card_chooses_who_answers_and_the_conversation_stays_theirs(visitor: Visitor) -> None:
    visitor.page.locator(".card", has_text="Mentor").click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mentor")
    expect(visitor.box).to_be_focused()
    visitor.says("Hello")
    visitor.hears("Hello", count=1)
    assert speaker(visitor) == "Mentor"
    visitor.page.reload()
    visitor.is_ready()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mentor")
    expect(visitor.page.locator(".bubble")).to_have_text("Hello")
    visitor.says("And again")
    visitor.hears("And again", count=2)
    assert speaker(visitor) == "Mentor"


def test_the_composer_chooses_with_the_keyboard_alone(visitor: Visitor) -> None:
    visitor.says("@concierge Hello")
    visitor.hears("Hello", count=1)
    visitor.page.locator("button.chooser").press("Enter")
    menu = visitor.page.get_by_role("menu", name="Who should answer?")
    expect(menu.get_by_role("menuitemradio", name="Concierge")).to_be_focused()
    menu.press("End")
    menu.press("Home")
    visitor.page.keyboard.press("ArrowDown")
    visitor.page.keyboard.press("Enter")
    expect(menu).to_be_hidden()
    expect(visitor.page.locator("button.chooser")).to_contain_text("Analyst")
    visitor.says("Add this up")
    visitor.hears("Add this up", count=2)
    assert speaker(visitor) == "Analyst"
    assert visitor.page.locator(".author").first.inner_text() == "Concierge"


def test_a_handover_is_seen_and_the_next_one_goes_on(visitor: Visitor) -> None:
    visitor.says("@concierge pass it on")
    visitor.hears("Let us begin with the first step.", count=1)
    expect(visitor.reply).to_contain_text("Mentor takes over")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Mentor")


def test_a_reply_asks_before_it_acts_and_goes_on_after_the_yes(visitor: Visitor) -> None:
    visitor.says("@concierge send it")
    asking = visitor.page.get_by_role("group", name="May I do this?")
    expect(asking).to_contain_text("send_invoice")
    expect(asking).to_contain_text("amount: 1250")
    expect(visitor.page.locator(".status")).to_have_text("Waiting for you")
    late = visitor.second_tab()
    expect(late.page.get_by_role("group", name="May I do this?")).to_contain_text("to: anna@example.org")
    late.button("Approve").click()
    visitor.hears("I found the invoice. It is sent.", count=1)
    expect(asking).to_be_hidden()


def test_a_no_is_heard_too(visitor: Visitor) -> None:
    visitor.says("@concierge send it")
    visitor.button("Deny").click()
    visitor.hears("I found the invoice. Then I leave it.", count=1)


def test_when_two_could_answer_the_visitor_says_who(visitor: Visitor) -> None:
    visitor.says("Who built the wooden clocks of Zanzibar?")
    cards = visitor.page.locator(".turn .card")
    expect(cards).to_have_count(2)
    visitor.page.reload()
    visitor.is_ready()
    cards.filter(has_text="Red twin").click()
    visitor.hears("Who built the wooden clocks", count=1)
    assert speaker(visitor) == "Red twin"
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Red twin")


def test_what_comes_instead_of_a_decision_is_a_no(visitor: Visitor) -> None:
    visitor.says("@concierge send it")
    expect(visitor.button("Approve")).to_be_visible()
    visitor.says("Never mind")
    visitor.hears("Never mind")
    expect(visitor.button("Approve")).to_be_hidden()
    expect(visitor.page.locator(".turn").first.locator(".mark")).to_have_text("Stopped")


def test_a_tool_at_work_is_named(visitor: Visitor) -> None:
    visitor.says("@concierge compute it")
    expect(visitor.page.locator(".live")).to_contain_text("Counting the stars")
    expect(visitor.page.locator(".status")).to_have_text("Waiting for a tool")
    visitor.button("Stop the reply").click()
    expect(visitor.page.locator(".status")).to_have_text("Paused")


def test_files_of_a_reply_are_shown_now_and_after_a_reload(visitor: Visitor, visit: Visit) -> None:
    visitor.says("@concierge chart it")
    visitor.hears("Here it is.", count=1)
    shown = visitor.page.get_by_role("img", name="expenses.png")
    for _ in range(2):
        expect(shown).to_have_js_property("naturalWidth", 320)
        expect(visitor.page.locator(".file-name")).to_have_text(["expenses.png", "expenses.csv"])
        visitor.page.reload()
        visitor.is_ready()
    with visitor.page.expect_download() as downloading:
        visitor.page.get_by_role("link", name="Download expenses.csv").click()
    assert downloading.value.path().read_text() == "month,sum\n"
    address = visitor.address + str(shown.get_attribute("src"))
    response = visitor.page.request.get(address)
    assert response.body() == picture()
    assert response.headers["x-content-type-options"] == "nosniff"
    assert visit().page.request.get(address).status == 404


def test_sure_and_unsure_answers_say_so(visitor: Visitor) -> None:
    visitor.says("@concierge unsure?")
    visitor.hears("I could not find that", count=1)
    expect(visitor.page.get_by_text("Uncertain · low")).to_be_visible()
    expect(visitor.page.locator(".status")).to_have_text("Uncertain")
    visitor.says("rich please")
    visitor.hears("Telegram follows within a second.", count=2)
    expect(visitor.page.get_by_text("Confident · high")).to_be_visible()
