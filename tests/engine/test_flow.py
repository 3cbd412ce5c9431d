"""Which nodes of a small graph every path goes through: drawn by hand."""

import pytest

from keras_saliency.engine.flow import Flow

# image → stem → left ┐
#           └──→ right ┴→ sum → skip → score      side → sum; sum → aside, which leads nowhere; sum ⇄ loop
FOLLOWING = {
    "image": ["stem"],
    "stem": ["left", "right"],
    "left": ["sum"],
    "right": ["sum"],
    "side": ["sum"],
    "sum": ["skip", "aside", "loop"],
    "loop": ["sum"],
    "skip": ["score"],
}
EXPECTED = {  # whether it is a cut, and on a path
    "image": (False, True),
    "stem": (True, True),
    "left": (False, True),
    "right": (False, True),
    "side": (False, False),
    "sum": (True, True),
    "aside": (False, False),
    "skip": (True, True),
    "score": (False, True),
    None: (False, False),
}


@pytest.mark.parametrize("node", EXPECTED)
def test_cuts_and_paths(node):
    marked = tuple(EXPECTED)
    flow = Flow(FOLLOWING, "image", marked, frozenset({"score"}))
    position = marked.index(node)
    assert (flow.is_cut(position), flow.is_on_a_path(position)) == EXPECTED[node]


def test_of_several_ends_each_must_be_reached_through_it():
    following = {"image": ["stem"], "stem": ["one", "other"], "one": ["first"], "other": ["second"]}
    flow = Flow(following, "image", ("stem", "one", "other"), frozenset({"first", "second"}))
    assert [flow.is_cut(position) for position in range(3)] == [True, False, False]
    assert all(flow.is_on_a_path(position) for position in range(3))
