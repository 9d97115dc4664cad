"""Whatever the expressions of a spec are, the answer is a report: the other half of test_fuzz."""

from hypothesis import given
from hypothesis import strategies as st
from mutations import DRAWN, assert_sound, expression_spec
from test_fuzz import CHOICES, INPUTS, by_random, chosen_by, every


@st.composite
def expression_specs(draw: st.DrawFn) -> str:
    return expression_spec(chosen_by(draw(CHOICES)))


@every(INPUTS)
@given(expression_specs(), st.integers(1, DRAWN))
def test_any_expression_gives_a_sound_report(text: str, drawn: int) -> None:
    assert_sound(text, drawn=drawn == DRAWN)


def test_many_more_expressions_give_sound_reports() -> None:
    for text, drawn in by_random(expression_spec, 2):
        assert_sound(text, drawn=drawn)
