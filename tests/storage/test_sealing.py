"""Secrets at rest: what seals, what opens, and what is said when it cannot."""

from base64 import b64encode

import pytest

from bot.domain.errors import SettingsError
from storage.sealing import Sealing

FIRST = b64encode(bytes(range(32))).decode()
SECOND = b64encode(bytes(range(1, 33))).decode()
SECRET = "sk-live-0123456789"
PLACE = "providers\nacme\nhttps://models.example/v1"


def test_a_sealed_secret_opens_at_its_place_and_does_not_show_itself() -> None:
    sealing = Sealing.parse(f"1:{FIRST}")
    sealed = sealing.seal(SECRET, PLACE)
    assert sealing.open(sealed, PLACE) == SECRET
    assert SECRET not in sealed
    assert sealing.seal(SECRET, PLACE) != sealed, "the same secret never looks the same twice"


def test_the_newest_key_seals_and_older_ones_still_open() -> None:
    before = Sealing.parse(f"1:{FIRST}")
    after = Sealing.parse(f" 2:{SECOND} , 1:{FIRST} ")
    old = before.seal(SECRET, PLACE)
    assert after.open(old, PLACE) == SECRET
    assert not after.is_fresh(old)
    new = after.seal(SECRET, PLACE)
    assert new.startswith("2:")
    assert after.is_fresh(new)
    assert Sealing.parse(f"2:{SECOND}").open(new, PLACE) == SECRET
    with pytest.raises(SettingsError, match="version 2"):
        before.open(new, PLACE)


def test_versions_are_compared_as_numbers() -> None:
    assert Sealing.parse(f"10:{FIRST},9:{SECOND}").seal(SECRET, PLACE).startswith("10:")


def test_a_sealed_secret_does_not_open_anywhere_else() -> None:
    sealing = Sealing.parse(f"1:{FIRST},2:{FIRST}")
    sealed = sealing.seal(SECRET, PLACE)
    for wrong in (f"{PLACE}/", "", "providers\nother\nhttps://models.example/v1"):
        with pytest.raises(SettingsError, match="does not open it"):
            sealing.open(sealed, wrong)
    with pytest.raises(SettingsError, match="does not open it"):
        sealing.open(sealed.replace("2:", "1:", 1), PLACE)
    with pytest.raises(SettingsError, match="does not open it"):
        Sealing.parse(f"2:{SECOND}").open(sealed, PLACE)


@pytest.mark.parametrize("damaged", ["", "1", "1:", "1:!!!!", "one:AAAA", "1:A", "1:AAAA"])
def test_a_damaged_secret_is_said_to_be_one(damaged: str) -> None:
    with pytest.raises(SettingsError, match="give the secret again"):
        Sealing.parse(f"1:{FIRST}").open(damaged, PLACE)


@pytest.mark.parametrize("keys", ["", " ", ",", " , "])
def test_without_a_key_nothing_is_sealed_and_the_way_to_one_is_told(keys: str) -> None:
    none = Sealing.parse(keys)
    assert not none
    with pytest.raises(SettingsError, match="openssl rand -base64 32"):
        none.seal(SECRET, PLACE)
    with pytest.raises(SettingsError, match="lacks the key of version 1"):
        none.open(Sealing.parse(f"1:{FIRST}").seal(SECRET, PLACE), PLACE)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (FIRST, "entry 1 is not written version:key"),
        (f"0:{FIRST}", "entry 1 is not written version:key"),
        (f"one:{FIRST}", "entry 1 is not written version:key"),
        (f"1:{FIRST},2:{SECOND[:-4]}", "entry 2 has"),
        (f"1:{FIRST},2:{SECOND[:-1]}", "entry 2 is not base64"),
        (f"1:{FIRST},1:{SECOND}", "entry 2 has the version 1, which is there already"),
        (f"1:{FIRST} 2:{SECOND}", "entry 1 is not written version:key"),
    ],
)
def test_a_wrong_key_is_named_by_its_place_and_never_shown(keys: str, told: str) -> None:
    with pytest.raises(SettingsError, match="ENCRYPTION_KEYS") as caught:
        Sealing.parse(keys)
    assert told in caught.value.detail
    assert "openssl rand -base64 32" in caught.value.detail
    assert FIRST[:12] not in caught.value.detail
    assert SECOND[:12] not in caught.value.detail


def test_keys_are_not_in_what_is_printed() -> None:
    assert FIRST not in repr(Sealing.parse(f"1:{FIRST}"))
