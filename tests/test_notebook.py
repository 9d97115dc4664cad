"""The package from Python: what it offers, what it raises, and how results show themselves."""

import io
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import pytest
from checking import ROOT, SPECS

import shapecalc
from shapecalc import api, teach
from shapecalc.render.explained import choices_page, explanation_page
from shapecalc.render.output import Look

SPEC = ROOT / "specs" / "two_layer.yaml"
TWO_LAYER = SPEC.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def spec() -> shapecalc.Spec:
    return shapecalc.load(SPEC)


def raised(text: str, *, wrt: str = "W1") -> shapecalc.SpecError:
    with pytest.raises(shapecalc.SpecError) as caught:
        shapecalc.loads(text, "spec.yaml").explain(wrt)
    return caught.value


def test_importing_loads_next_to_nothing() -> None:
    told = "import sys, shapecalc; print(*(m for m in sys.modules if m.startswith('shapecalc')))"
    found = subprocess.run(
        [sys.executable, "-c", f"{told}; print('numpy' in sys.modules, 'rich' in sys.modules)"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.stdout.split() == ["shapecalc", "False", "False"]


def test_package_offers_what_it_lists() -> None:
    for name in shapecalc.__all__:
        assert getattr(shapecalc, name) is not None
        assert name in dir(shapecalc)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = shapecalc.nothing  # type: ignore[attr-defined]  # that is the test
    assert Path(str(shapecalc.__file__)).with_name("py.typed").exists()


def test_an_explanation_is_the_page_of_the_terminal(spec: shapecalc.Spec) -> None:
    answer = teach.explain(TWO_LAYER, str(SPEC), "A1")
    assert answer.explanation is not None
    page = explanation_page(answer.explanation, answer.report, Look())
    assert str(spec.explain("A1")) == repr(spec.explain("A1")) == page.rstrip("\n")


def test_levels_are_chosen(spec: shapecalc.Spec) -> None:
    levels = [each.number for each in spec.explain("A1", levels=[4, 2]).record.steps[0].levels]
    assert levels == [2, 4]
    assert "ONE ENTRY" in str(spec.explain("A1", levels=2))
    for wrong in (0, 8, [], [1, 9]):
        with pytest.raises(ValueError, match="there is no level"):
            spec.explain("A1", levels=wrong)


def test_inputs_and_gradients_can_be_named(spec: shapecalc.Spec) -> None:
    assert str(spec.explain("dA1")) == str(spec.explain("A1"))
    assert str(spec.explain("X", levels=1)).startswith("Why is dX = ")


def test_gradients_are_listed_by_name(spec: shapecalc.Spec) -> None:
    assert spec.gradients["A1"] == "W2.T @ dZ2"
    assert list(spec.gradients) == ["A2", "Z2", "W2", "b2", "A1", "Z1", "W1", "b1"]
    assert repr(spec) == f"<shapecalc spec {SPEC}>"


def test_a_report_is_checked_and_shown(spec: shapecalc.Spec) -> None:
    checked = spec.check()
    assert checked.ok
    assert checked.findings == ()
    assert "dA1 = W2.T @ dZ2" in str(checked)
    wrong = shapecalc.loads(TWO_LAYER.replace("dA1: W2.T @ dZ2", "dA1: dZ2 @ W2"))
    assert not wrong.check().ok
    assert [each.code for each in wrong.check().findings] == ["SC401"]
    assert "error[SC401]" in repr(wrong.check())
    assert wrong.gradients["A1"] == "W2.T @ dZ2"  # a wrong claim leaves the gradients alone


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((ROOT / "specs" / "bad").glob("*.yaml")), ids=str)
def test_a_bad_spec_never_raises_anything_else(path: Path) -> None:
    shown: list[str] = []
    try:
        spec = shapecalc.load(path)
        shown.append(str(spec.check()))
        assert spec.gradients is not None
    except shapecalc.SpecError as error:
        shown.append(str(error))
        findings = error.findings
    else:
        findings = spec.check().findings
    assert findings
    assert all(f"{findings[0].code}" in text for text in shown)


def test_an_error_has_the_frame_of_the_command_line() -> None:
    text = (ROOT / "specs" / "bad" / "inner_dims.yaml").read_text(encoding="utf-8")
    error = raised(text)
    page = choices_page((), api.check(text, "spec.yaml"), Look())
    assert str(error) == page.rstrip("\n")
    assert [each.code for each in error.findings] == ["SC301"]
    with pytest.raises(shapecalc.SpecError, match="SC301"):
        _ = shapecalc.loads(text).gradients


def test_an_unknown_name_gets_help() -> None:
    assert str(raised(TWO_LAYER, wrt="A3")).startswith("no gradient of A3; did you mean A2?")
    assert "J is the loss" in str(raised(TWO_LAYER, wrt="J"))


@pytest.mark.parametrize(
    ("text", "code"), [("dims: [", "SC101"), ("", "SC102"), ("\ud800", "SC104"), ("a: 1", "SC102")]
)
def test_what_is_no_spec_is_refused(text: str, code: str) -> None:
    with pytest.raises(shapecalc.SpecError, match=rf"error\[{code}\]"):
        shapecalc.loads(text)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(shapecalc.SpecError, match=r"no such file `nowhere\.yaml`"):
        shapecalc.load("nowhere.yaml")


def test_a_failure_of_ours_is_said_to_be_ours(
    spec: shapecalc.Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> Any:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr(teach, "explain", fails)
    with pytest.raises(shapecalc.SpecError, match="this is our bug") as caught:
        spec.explain("A1")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


# --- derivatives --------------------------------------------------------------------------------


def test_an_expression_is_differentiated() -> None:
    found = shapecalc.derive("x.T @ A @ x", wrt="x", shapes={"x": ("n", 1), "A": "n, n"})
    assert found.denominator == "(A + A.T) @ x"
    assert found.numerator == "x.T @ (A.T + A)"
    assert "scalar by vector" in str(found)
    assert r"\frac{\partial Y}{\partial x}" in found._repr_markdown_()
    hessian = shapecalc.derive("x.T @ x", wrt="x", shapes={"x": "n,1"}, order=2)
    assert "2 * eye(n)" in str(hessian)
    known = shapecalc.derive(
        "x.T @ S @ x", wrt="x", shapes={"x": "n,1", "S": "n,n"}, assume=["S: symmetric"]
    )
    assert known.denominator == "2 * (S @ x)"
    chained = shapecalc.derive(
        "u(x).T @ u(x)", wrt="x", shapes={"x": "n,1"}, functions=["u(x): k,1"]
    )
    assert "du_dx" in str(chained.denominator)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"expression": "x @ x"}, r"error\[SC301\]"),
        ({"shapes": {"x": "n]\nfoo: [1"}}, "is no shape"),
        ({"assume": ["x: Q\nfoo: 1"]}, "is no fact"),
        ({"functions": ["u of x"]}, "is no function"),
    ],
)
def test_what_cannot_be_differentiated_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(shapecalc.SpecError, match=said):
        shapecalc.derive(**{"expression": "x.T @ x", "wrt": "x", "shapes": {"x": "n,1"}, **given})
    with pytest.raises(ValueError, match="no order 3"):
        shapecalc.derive("x", wrt="x", shapes={"x": "n"}, order=3)


# --- where it is shown --------------------------------------------------------------------------


class Ascii(io.StringIO):
    encoding = "ascii"


def test_text_is_in_signs_that_the_output_has(spec: shapecalc.Spec) -> None:
    found = spec.explain("A1")
    with redirect_stdout(io.StringIO()):
        assert "┌" in str(found)
    with redirect_stdout(Ascii()):
        assert str(found).isascii()
        assert str(spec.check()).isascii()


@pytest.mark.parametrize("name", ["A1", "Z2"])
def test_a_notebook_has_a_page_formulas_and_text(spec: shapecalc.Spec, name: str) -> None:
    found = spec.explain(name)
    assert found._repr_html_().startswith("<")
    assert r"\subsection*{2\quad One entry at a time}" in found._repr_latex_()
    assert "## 2. One entry at a time" in found._repr_markdown_()


def test_every_spec_is_shown() -> None:
    for path in SPECS[:4]:
        spec = shapecalc.load(path)
        assert spec.gradients
        assert path.name in repr(spec)


def test_jupyter_finds_the_representations(spec: shapecalc.Spec) -> None:
    formatters = pytest.importorskip("IPython.core.formatters")
    bundle, _ = formatters.DisplayFormatter().format(spec.explain("A1", levels=2))
    assert {"text/plain", "text/html", "text/latex", "text/markdown"} <= set(bundle)
    assert bundle["text/plain"].startswith("Why is dA1")
