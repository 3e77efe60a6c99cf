"""The chat page as a visitor meets it, in a real browser with everything behind it but a model."""

import re
import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Site, Visitor
from tests.browser.scripts import LONG_LINES
from tests.browser.site import BROKEN_DOOR

pytestmark = pytest.mark.browser

Visit = Callable[..., Visitor]
CONVERSATION = re.compile(r".*/c/[0-9a-f]{32}$")


def test_a_newcomer_taps_a_starter_and_the_conversation_gets_its_address(visitor: Visitor) -> None:
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Concierge")
    visitor.page.locator(".chip").first.click()
    visitor.hears("What is Switchboard?")
    expect(visitor.page).to_have_url(CONVERSATION)
    expect(visitor.page.locator(".hello")).to_be_hidden()
    expect(visitor.page.locator(".shelved[aria-current=page]")).to_have_text("What is Switchboard?")


def test_a_reply_streams_as_markdown_and_reads_the_same_after_a_reload(visitor: Visitor) -> None:
    visitor.says("hold that thought")
    live = visitor.page.locator(".live")
    expect(live.locator("table")).to_contain_text("Polling")
    expect(live.locator(".code code")).to_contain_text("async with build")
    expect(live).not_to_contain_text("```")
    visitor.releases()
    visitor.hears("Telegram follows within a second.")
    said = visitor.reply.inner_text()
    visitor.page.reload()
    visitor.is_ready()
    assert visitor.reply.inner_text() == said


def test_a_page_that_is_loaded_in_mid_reply_shows_it_and_goes_on(visitor: Visitor) -> None:
    visitor.says("hold that thought")
    expect(visitor.page.locator(".live")).to_contain_text("Start it like this")
    late = visitor.second_tab()
    expect(late.page.locator(".live")).to_contain_text("Two ways to receive updates")
    visitor.releases()
    late.hears("Telegram follows within a second.")
    visitor.hears("Telegram follows within a second.")


def test_thinking_is_shown_live_and_gone_when_the_answer_is_there(visitor: Visitor) -> None:
    visitor.says("think about it")
    expect(visitor.page.locator(".thinking")).to_contain_text("The visitor wants to compare")
    visitor.releases()
    visitor.hears("Polling needs no public address.")
    expect(visitor.page.locator(".turn")).not_to_contain_text("The visitor wants to compare")


def test_stop_keeps_what_was_said_and_marks_it(visitor: Visitor) -> None:
    visitor.says("endless, please")
    expect(visitor.page.locator(".live")).to_contain_text("and so on, and so on")
    visitor.button("Stop the reply").click()
    visitor.hears("and so on, and so on")
    expect(visitor.reply.locator(".mark")).to_have_text("Stopped")
    expect(visitor.button("Stop the reply")).to_be_hidden()


def test_escape_stops_too(visitor: Visitor) -> None:
    visitor.says("endless, please")
    expect(visitor.page.locator(".live")).to_contain_text("and so on")
    visitor.page.keyboard.press("Escape")
    expect(visitor.reply.locator(".mark")).to_have_text("Stopped")


def test_answer_again_and_thumbs_show_on_every_tab(visitor: Visitor) -> None:
    visitor.says("Hello")
    visitor.hears("Hello", count=1)
    other = visitor.second_tab()
    other.button("Answer again").click()
    expect(visitor.page.get_by_text("Version 2")).to_be_visible()
    visitor.hears("Hello", count=1)
    visitor.button("Good answer").click()
    expect(other.button("Good answer")).to_have_attribute("aria-pressed", "true")
    expect(other.button("Bad answer")).to_have_attribute("aria-pressed", "false")


def test_an_edited_message_is_answered_anew_in_its_place(visitor: Visitor) -> None:
    visitor.says("First thought")
    visitor.hears("First thought")
    visitor.page.locator(".question").hover()
    visitor.button("Edit").click()
    visitor.page.get_by_role("textbox", name="Edit").fill("Second thought")
    visitor.button("Save and ask again").click()
    visitor.hears("Second thought", count=1)
    expect(visitor.page.locator(".bubble")).to_have_text("Second thought")


def test_an_edit_that_is_cancelled_changes_nothing(visitor: Visitor) -> None:
    visitor.says("Only thought")
    visitor.hears("Only thought")
    visitor.page.locator(".question").hover()
    visitor.button("Edit").click()
    visitor.page.get_by_role("textbox", name="Edit").press("Escape")
    expect(visitor.page.locator(".bubble")).to_have_text("Only thought")


def test_a_failure_is_a_kind_sentence_and_can_be_tried_again(visitor: Visitor) -> None:
    visitor.says("fail, please")
    failure = visitor.page.locator(".failure")
    expect(failure).to_contain_text("Please try again in a minute")
    expect(failure).not_to_contain_text("429")
    visitor.button("Try again").click()
    expect(failure).to_contain_text("Please try again in a minute")


def test_markup_of_a_model_or_a_visitor_is_never_executed(visitor: Visitor) -> None:
    visitor.says("evil <img src=x onerror=\"document.title='owned'\"> {{ 7 * 7 }}")
    visitor.hears("<script>document.title = 'owned'</script>")
    expect(visitor.page.locator(".bubble")).to_contain_text("<img src=x onerror")
    expect(visitor.page.locator(".bubble")).to_contain_text("{{ 7 * 7 }}")
    assert visitor.page.locator(".turn :is(script, img, iframe, object, form)").count() == 0
    assert visitor.page.locator(".turn a:not([href^='https://'])").count() == 0
    assert visitor.page.title() == "Switchboard"


def test_a_long_reply_arrives_whole_and_the_page_follows_its_end(visitor: Visitor) -> None:
    visitor.says("long story")
    visitor.hears("The very last words.")
    text = visitor.reply.inner_text()
    assert all(f"Paragraph {n}:" in text and f"line_{n} = {n}\n" in text + "\n" for n in range(LONG_LINES // 2))
    expect(visitor.page.get_by_text("The very last words.")).to_be_in_viewport()
    assert visitor.overflow <= 0


def test_a_reader_who_scrolled_up_is_left_alone(visitor: Visitor) -> None:
    visitor.says("story")
    visitor.hears("Chapter 39: and then.")
    visitor.page.locator("#scroll").evaluate("view => { view.scrollTop = 0 }")
    expect(visitor.page.locator("body")).to_have_class(re.compile("reading-back"))
    visitor.second_tab().says("Hello from the other tab")
    visitor.hears("Hello from the other tab")
    assert visitor.page.locator("#scroll").evaluate("view => view.scrollTop") == 0
    visitor.button("Go to the latest message").click()
    expect(visitor.page.locator(".bubble").last).to_be_in_viewport()


def test_shift_enter_begins_a_line_and_enter_sends_both(visitor: Visitor) -> None:
    visitor.box.press_sequentially("one")
    visitor.box.press("Shift+Enter")
    visitor.box.press_sequentially("two")
    visitor.box.press("Enter")
    expect(visitor.page.locator(".bubble")).to_have_text("one\ntwo")
    expect(visitor.box).to_have_value("")


def test_nothing_is_lost_when_the_database_is_gone(visitor: Visitor) -> None:
    visitor.says(BROKEN_DOOR)
    expect(visitor.page.locator(".dock [role=alert]:visible")).to_contain_text("Please try again in a minute")
    expect(visitor.box).to_have_value(BROKEN_DOOR)
    visitor.box.press("Enter")
    visitor.hears(BROKEN_DOOR, count=1)
    expect(visitor.page.locator(".dock [role=alert]:visible")).to_be_hidden()


def test_an_unsure_answer_says_so(visitor: Visitor) -> None:
    visitor.says("unsure?")
    visitor.hears("I could not find that")
    expect(visitor.page.get_by_text("I am not sure about this answer")).to_be_visible()


def test_commands_are_answered_beside_the_conversation(visitor: Visitor) -> None:
    visitor.says("/help")
    expect(visitor.page.locator(".notice")).to_contain_text("the right specialist answers")
    expect(visitor.page.locator(".turn")).to_have_count(0)


def test_a_new_conversation_leaves_the_old_one_where_it_is(visitor: Visitor) -> None:
    visitor.says("Old thought")
    visitor.hears("Old thought")
    old = visitor.page.url
    visitor.says("/NEW please")
    expect(visitor.page.locator(".hello")).to_be_visible()
    expect(visitor.box).to_have_value("")
    visitor.says("New thought")
    visitor.hears("New thought", count=1)
    assert visitor.page.url != old
    visitor.page.goto(old)
    visitor.is_ready()
    expect(visitor.box).to_have_value("")
    expect(visitor.page.locator(".bubble")).to_have_text("Old thought")


def test_nobody_sees_the_conversation_of_somebody_else(visitor: Visitor, visit: Visit) -> None:
    visitor.says("my secret canary")
    visitor.hears("my secret canary")
    stranger = visit().opens(visitor.page.url.removeprefix(visitor.address))
    expect(stranger.page.get_by_role("alert")).to_contain_text("There is no such conversation in this browser")
    assert "canary" not in stranger.page.content()
    stranger.says("Hello")
    stranger.hears("Hello")
    assert stranger.page.url != visitor.page.url
    assert "canary" not in stranger.page.content()


@pytest.mark.parametrize("path", ["/c/nonsense", "/c/" + "f" * 32, "/c/%3Cscript%3E"])
def test_an_address_that_leads_nowhere_is_explained(visit: Visit, path: str) -> None:
    stranger = visit().opens(path)
    expect(stranger.page.get_by_role("alert")).to_contain_text("There is no such conversation in this browser")


def test_a_russian_phone_has_a_drawer_and_no_sideways_scroll(visit: Visit) -> None:
    phone = visit(
        locale="ru-RU", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, color_scheme="dark"
    ).opens()
    expect(phone.page.locator("html")).to_have_attribute("lang", "ru")
    phone.box.fill("rich " + "длинноеслово" * 40)
    phone.button("Отправить").click()
    phone.hears("Telegram follows within a second.")
    assert phone.overflow <= 0
    drawer = phone.page.get_by_role("complementary", name="Разговоры")
    expect(drawer).to_be_hidden()
    phone.button("Показать разговоры").click()
    drawer.get_by_role("link", name="Новый разговор").click()
    expect(phone.page.locator(".hello")).to_be_visible()
    phone.page.go_back()
    phone.hears("Telegram follows within a second.")


def test_right_to_left_text_runs_right_to_left(visitor: Visitor) -> None:
    visitor.says("שלום עולם")
    visitor.hears("שלום עולם")
    for place in (".bubble", ".said .prose p"):
        assert visitor.page.locator(place).evaluate("each => getComputedStyle(each).direction") == "rtl"


def test_a_hundred_thousand_characters_stay_usable(visitor: Visitor) -> None:
    text = "слово " * 8_000 + "\n" + "x" * 50_000
    visitor.says(text)
    visitor.hears("слово слово")
    assert visitor.overflow <= 0
    bubble = visitor.page.locator(".bubble")
    clipped = bubble.bounding_box()
    visitor.button("Show all").click()
    whole = bubble.bounding_box()
    assert clipped is not None
    assert whole is not None
    assert whole["height"] > clipped["height"]


def test_a_server_killed_in_mid_reply_comes_back_and_finishes_in_the_same_place(visitor: Visitor, site: Site) -> None:
    visitor.says("hold that thought")
    expect(visitor.page.locator(".live")).to_contain_text("Start it like this")
    visitor.box.fill("half-written")
    site.end(signal.SIGKILL)
    site.start()
    with visitor.page.expect_event("load", timeout=20_000):
        pass
    visitor.is_ready()
    expect(visitor.page.locator(".live")).to_contain_text("Two ways to receive updates")
    expect(visitor.box).to_have_value("half-written")
    visitor.releases()
    visitor.hears("Telegram follows within a second.", count=1)
