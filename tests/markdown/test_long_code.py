"""Long code leaves the reply as a file, and the part that stays only grows."""

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.markdown.long_code import lift_long_code

NOTE = "[[note]]"
LINES = st.lists(st.text("abc =", max_size=70), max_size=30).map("\n".join)


def note(name: str) -> str:
    return f"{NOTE} {name}"


def test_short_code_stays() -> None:
    source = "```py\nx = 1\n```\n"
    assert lift_long_code(source, 100, note).text == source
    assert lift_long_code(source, 100, note).files == ()


def test_long_code_is_cut_at_a_line_end_and_kept_whole_in_a_file() -> None:
    body = "".join(f"line {number}\n" for number in range(100))
    lifted = lift_long_code(f"before\n\n```python\n{body}```\nafter\n", 200, note)
    [file] = lifted.files
    assert (file.name, file.text) == ("code-1.py", body)
    shown = lifted.text.split("```python\n")[1].split("\n```")[0] + "\n"
    assert body.startswith(shown)
    assert 150 <= len(shown) <= 200
    assert f"```\n\n{NOTE} code-1.py\n" in lifted.text
    assert lifted.text.endswith("after\n")


def test_code_in_a_list_is_written_without_its_indentation() -> None:
    body = "".join(f"  line {number}\n" for number in range(30))
    lifted = lift_long_code(f"- item\n  ```\n{body}  ```\n- next\n", 100, note)
    assert lifted.files[0].name == "code-1.txt"
    assert lifted.files[0].text == body.replace("  line", "line")
    assert lifted.text.endswith("\n- next\n")


@given(LINES, st.integers(20, 400), st.text("ab\n", max_size=20))
@settings(max_examples=100, deadline=None)
def test_the_shown_part_of_a_growing_reply_only_grows(body: str, limit: int, after: str) -> None:
    source = f"start\n```js\n{body}\n```\n{after}"
    shown = ""
    for end in range(0, len(source) + 1, 3):
        lifted = lift_long_code(source[:end], limit, note)
        text = lifted.text if not lifted.files else lifted.text.split("\n```\n\n" + NOTE)[0]
        assert text.startswith(shown.rstrip("\n")), (shown[-40:], text[-40:])
        shown = text
        if lifted.files:
            expected = source[len("start\n```js\n") : end].split("\n```")[0]
            assert lifted.files[0].text.rstrip("\n`") == expected.rstrip("\n`")
