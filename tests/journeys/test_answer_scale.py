"""The scale of eleven answers on phones: one straight row, every answer large enough to touch."""

import pytest

from tests.factories.feedback import InvitationFactory

BOXES = """
() => [...document.querySelectorAll(".nps .box")].map((box) => {
  const at = box.getBoundingClientRect();
  return [Math.round(at.top), at.width, at.height, at.left, at.right];
})
"""


@pytest.mark.parametrize("width", [390, 360, 320])
def test_eleven_answers_stand_in_one_row_on_a_phone(open_page, transactional_db, width):
    page = open_page(None, f"/s/{InvitationFactory().token}/", width=width, script=False)

    boxes = page.evaluate(BOXES)

    assert len(boxes) == 11
    assert len({top for top, *_rest in boxes}) == 1
    assert min(side for _top, across, height, *_rest in boxes for side in (across, height)) >= 24
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_answers_stand_in_two_straight_rows_when_zoomed_in(open_page, transactional_db):
    page = open_page(None, f"/s/{InvitationFactory().token}/", width=280, script=False)

    boxes = page.evaluate(BOXES)

    tops = [top for top, *_rest in boxes]
    assert tops == [tops[0]] * 6 + [tops[6]] * 5
    assert [box[3] for box in boxes[:5]] == [box[3] for box in boxes[6:]]
