"""C-18, L5: every documented error code of a refusal has one meaning, and what nobody has listed goes to a person."""

import pytest

from shared.channels.error_taxonomy import Action, meaning, pause_before_retry

# The classes of the provider's documentation, written out independently of the table under test.
DOCUMENTED = {
    Action.RETRY: [
        1,
        2,
        4,
        80007,
        130429,
        131000,
        131016,
        131056,
        131057,
        133004,
        133016,
        131048,
        131064,
        1200,
        613,
        80006,
    ],
    Action.RETRY_ONCE: [131053, 131052],
    Action.REAUTHENTICATE: [0, 3, 10, 190, 200, 250, 299, 131005],
    Action.WINDOW: [131047, 470],
    Action.PERMANENT: [131026, 131021, 131030, 131062, 131037, 131049, 130472, 131063, 551],
    Action.OPT_OUT: [131050],
    Action.DEFECT: [33, 100, 131008, 131009, 131051, 135000],
    Action.TEMPLATE: [132000, 132001, 132005, 132007, 132008, 132012, 132015, 132016, 132068, 132069],
    Action.ACCOUNT: [368, 130497, 131031, 131042, 131044, 131045, 137000],
}


@pytest.mark.parametrize(("action", "code"), [(action, code) for action, codes in DOCUMENTED.items() for code in codes])
def test_a_documented_code_has_its_class(action: Action, code: int) -> None:
    assert meaning(code).action is action


def test_an_unlisted_code_is_not_tried_for_ever() -> None:
    assert meaning(999_999).action is Action.PERMANENT


SUBCODES = {
    Action.WINDOW: [(10, 2534022), (10, 2018278), (10, 2018065)],
    Action.PERMANENT: [(10, 2018108), (200, 1545041), (551, 1545041), (100, 2018001), (100, 2534014), (100, 33)],
    Action.DEFECT: [(100, 1893061), (100, 1)],
    Action.REAUTHENTICATE: [(10, 1), (1, 99), (190, 458)],
}


@pytest.mark.parametrize(
    ("action", "code", "subcode"),
    [(action, *codes) for action, pairs in SUBCODES.items() for codes in pairs],
)
def test_a_subcode_says_what_instagram_and_messenger_mean(action: Action, code: int, subcode: int) -> None:
    """L5: "outside the window" is a permission error there, and so is a customer who left."""
    assert meaning(code, subcode).action is action


def test_the_pair_limit_waits_at_least_six_seconds() -> None:
    assert pause_before_retry(meaning(131056).pause, 1) >= 6


def test_pauses_grow_and_end_at_an_hour() -> None:
    pauses = [pause_before_retry(5.0, attempt) for attempt in range(1, 40)]
    assert pauses == sorted(pauses)
    assert pauses[:3] == [5.0, 10.0, 20.0]
    assert pauses[-1] == 3600.0


@pytest.mark.parametrize(
    ("code", "words", "action"),
    [
        (100, "(#100) This message is sent outside of allowed window.", Action.WINDOW),
        (10, "(#10) This message is sent outside of allowed window. Learn more", Action.WINDOW),
        (
            999_999,
            "Not sent because more than 24 hours have passed since the customer replied",
            Action.WINDOW,
        ),
        (131009, "Re-engagement message", Action.WINDOW),
        (100, "Invalid parameter", Action.DEFECT),
        (131026, "more than 24 hours have passed", Action.PERMANENT),
        (190, "outside of allowed window", Action.REAUTHENTICATE),
    ],
)
def test_words_say_that_the_window_is_closed_where_the_code_says_little(code: int, words: str, action: Action) -> None:
    """C-17, C-18: synchronous answers use other codes for it."""
    assert meaning(code, words=words).action is action
