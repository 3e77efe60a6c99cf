"""How sure a reply is of itself."""

import pytest

from specialists.confidence import Evidence, confidence


@pytest.mark.parametrize(
    ("evidence", "sure"),
    [
        (Evidence("Paris."), 0.75),
        (Evidence("Paris.", told=0.9), 0.9),
        (Evidence("I am not sure, but Paris.", told=0.9), 0.9),
        (Evidence("I'm not entirely sure, perhaps Paris."), 0.45),
        (Evidence("I don't know."), 0.45),
        (Evidence("Я не уверена, но, кажется, Париж."), 0.45),
        (Evidence("К сожалению, у меня нет достоверной информации."), 0.45),
        (Evidence("Paris.", told=1.0, failed_tools=1), 0.8),
        (Evidence("Paris.", told=1.0, failed_tools=9), 0.51),
        (Evidence("Paris.", told=1.0, substitute=True), 0.9),
        (Evidence("Paris is", told=0.9, cut=True), 0.5),
        (Evidence("  ", told=0.9), 0.0),
    ],
)
def test_confidence_follows_the_rules(evidence: Evidence, sure: float) -> None:
    assert confidence(evidence) == sure
