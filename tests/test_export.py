"""`export`: graphs in every format, and networks in another convention.

The golden files are those of the two-layer network. To write them anew:
SHAPECALC_GOLDEN=write pytest tests/test_export.py, and read the diff.
"""

import os
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from checking import ROOT, SPECS, TWO_LAYER
from typer.testing import CliRunner

from shapecalc import api, cli
from shapecalc.records import Drawing, Rewritten
from shapecalc.render.graphs.dot import dot
from shapecalc.render.graphs.layered import Box, laid_out
from shapecalc.render.graphs.mermaid import mermaid
from shapecalc.render.graphs.svg import svg
from shapecalc.render.graphs.tree import tree
from shapecalc.render.output import Look
from shapecalc.render.widths import cell_len

GOLDEN = Path(__file__).resolve().parent / "golden" / "export"
SPEC = "specs/two_layer.yaml"
runner = CliRunner()
LAST = ("columns", "rows", "torch-layout")
ODD = 'name: "a\\"]; <b>&\\\\ # -->"\nparams: {Ωδ: [m, n], 中文: [m, n]}\n'
ODD += "forward:\n  Y: Ωδ * 中文 + (Ωδ > 0) * 2\n  s: sum(Y)\nloss: s"


def drawn(text: str, *, backward: bool = True) -> Drawing:
    found, findings = api.drawn(text, "spec.yaml", backward=backward)
    assert found is not None, findings
    return found


def graphs() -> list[Drawing]:
    texts = [path.read_text(encoding="utf-8") for path in SPECS]
    return [drawn(text, backward=side) for text in (*texts, ODD) for side in (False, True)]


@pytest.fixture(scope="module")
def drawings() -> list[Drawing]:
    return graphs()


def edges(drawing: Drawing) -> list[tuple[str, str]]:
    forth = [(flow.tail, flow.head) for flow in drawing.flows]
    return forth + [(back.output, back.wrt) for back in drawing.backs]


# --- what is drawn -------------------------------------------------------------------------------


def test_each_edge_has_the_shape_of_what_flows() -> None:
    found = drawn(TWO_LAYER, backward=False)
    assert {(f.tail, f.head): f.shape for f in found.flows} == {
        ("W1", "Z1"): ("h", "n"),
        ("X", "Z1"): ("n", "m"),
        ("b1", "Z1"): ("h", "1"),
        ("Z1", "A1"): ("h", "m"),
        ("W2", "Z2"): ("k", "h"),
        ("A1", "Z2"): ("h", "m"),
        ("b2", "Z2"): ("k", "1"),
        ("Z2", "A2"): ("k", "m"),
        ("A2", "J"): ("k", "m"),
        ("Y", "J"): ("k", "m"),
    }
    assert found.backs == ()


def test_gradients_flow_back_along_the_edges_with_their_formulas() -> None:
    found = {back.wrt: back for back in drawn(TWO_LAYER).backs}
    assert (found["A1"].output, found["A1"].label) == ("Z2", "dA1 = W2.T @ dZ2")
    assert (found["W2"].output, found["W2"].label) == ("Z2", "dW2 = dZ2 @ A1.T")
    assert found["Z2"].output == "J"
    assert found["Z2"].note == "by way of A2"


def test_parts_of_a_sum_are_added() -> None:
    text = "params: {X: [m, n]}\nforward:\n  Y: X * 2\n  Z: Y * X\n  s: sum(Z)\nloss: s"
    found = [back.label for back in drawn(text).backs if back.wrt == "X"]
    assert sorted(found) == ["dX += 2 * dY", "dX += dZ * Y"]


def test_given_gradient_is_said_and_added_to() -> None:
    text = "params: {X: [m, n]}\nforward:\n  Y: X * 2\n  Z: Y * Y\nupstream: [Y, Z]"
    found = drawn(text)
    assert {v.name: v.given for v in found.vertices if v.given} == {"Y": "dY", "Z": "dZ"}
    assert all(back.is_part for back in found.backs if back.wrt == "Y")


# --- mermaid and dot, read by strict parsers -----------------------------------------------------

QUOTED = r'"((?:[^"\\]|\\.)*)"'
DOT_HEAD = re.compile(rf"digraph {QUOTED} \{{")
DOT_NODE = re.compile(rf"  (v\d+) \[label={QUOTED}, shape=\w+(?:, peripheries=2)?\];")
DOT_EDGE = re.compile(rf"  (v\d+) -> (v\d+) \[label={QUOTED}(?:, \w+=\w+)*\];")
PLAIN = r'"((?:[^"#<>&`\\*_~]|#\d+;|<br/>)*)"'
MERMAID_NODE = re.compile(
    rf"  (v\d+)(?:\(\[{PLAIN}\]\)|\[/{PLAIN}/\]|\[{PLAIN}\]|\{{\{{{PLAIN}\}}\}})"
)
MERMAID_EDGE = re.compile(rf"  (v\d+) (-->|-\.->)\|{PLAIN}\| (v\d+)")


def unescaped(label: str) -> str:
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label)


def names_of(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: label.split(" = ")[0].split("\n")[0] for key, label in labels.items()}


def test_dot_is_read_back(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        head, _, *lines, last = dot(drawing).splitlines()
        assert DOT_HEAD.fullmatch(head), head
        assert last == "}"
        nodes: dict[str, str] = {}
        found = []
        for line in lines:
            if node := DOT_NODE.fullmatch(line):
                nodes[node[1]] = re.sub(r"\\(.)", lambda e: {"n": "\n"}.get(e[1], e[1]), node[2])
            else:
                edge = DOT_EDGE.fullmatch(line)
                assert edge is not None, line
                found.append((edge[1], edge[2]))
        names = names_of(nodes)
        assert list(names.values()) == [vertex.name for vertex in drawing.vertices]
        assert [(names[tail], names[head]) for tail, head in found] == edges(drawing)


def test_mermaid_is_read_back(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        head, *lines = mermaid(drawing).splitlines()
        assert head == "flowchart LR"
        nodes: dict[str, str] = {}
        found, dotted = [], 0
        for line in lines:
            if node := MERMAID_NODE.fullmatch(line):
                label = next(group for group in node.groups()[1:] if group is not None)
                nodes[node[1]] = unescaped(label.replace("<br/>", "\n"))
            else:
                edge = MERMAID_EDGE.fullmatch(line)
                assert edge is not None, line
                dotted += edge[2] == "-.->"
                found.append((edge[1], edge[4]))
        names = names_of(nodes)
        assert list(names.values()) == [vertex.name for vertex in drawing.vertices]
        assert [(names[tail], names[head]) for tail, head in found] == edges(drawing)
        assert dotted == len(drawing.backs)


# --- SVG -----------------------------------------------------------------------------------------

SVG = "{http://www.w3.org/2000/svg}"


def read_xml(page: str) -> ElementTree.Element:
    return ElementTree.fromstring(page)  # noqa: S314 (our own page)


def test_svg_is_whole_and_needs_nothing_else(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        page = svg(drawing)
        root = read_xml(page)
        assert page.isascii()
        assert "prefers-color-scheme: dark" in page
        assert not re.findall(r"(?:href|src|@import|url\((?!#))", page)
        texts = {each.text for each in root.iter(f"{SVG}text")}
        assert {vertex.label for vertex in drawing.vertices} <= texts
        assert len(root.findall(f"{SVG}path")) == len(edges(drawing))


def test_no_text_of_an_svg_is_outside_of_the_page(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        root = read_xml(svg(drawing))
        width, height = float(root.attrib["width"]), float(root.attrib["height"])
        for text in root.iter(f"{SVG}text"):
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            assert x >= 0
            assert x + float(text.attrib["textLength"]) <= width
            assert 12 <= y <= height


def _inside(box: Box) -> bool:
    return all(cell_len(text) < box.width for text in box.texts)


def test_no_boxes_and_labels_of_a_layout_overlap(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        layout = laid_out(drawing)
        assert all(map(_inside, layout.boxes))
        taken = []
        for box in layout.boxes:
            cells = max((cell_len(label.text) for label in box.labels), default=0)
            right = box.corner.x + box.width + cells
            taken.append((box.corner.x, box.corner.y, right, box.corner.y + box.height))
            assert all(box.corner.y <= label.y <= taken[-1][3] for label in box.labels)
        for place, one in enumerate(taken):
            for other in taken[:place]:
                is_beside = one[2] <= other[0] or other[2] <= one[0]
                assert is_beside or one[3] <= other[1] or other[3] <= one[1]


def test_values_stand_right_of_their_operands(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        left = {box.vertex.name: box.corner.x for box in laid_out(drawing).boxes}
        assert all(left[flow.tail] < left[flow.head] for flow in drawing.flows)


# --- the tree ------------------------------------------------------------------------------------


def test_tree_has_every_equation_once_and_every_gradient(drawings: list[Drawing]) -> None:
    for drawing in drawings:
        lines = [line.lstrip("│├─ ") for line in tree(drawing, Look()).splitlines()]
        for vertex in drawing.vertices:
            said = [line for line in lines if line.startswith(f"{vertex.name} (")]
            assert said
            if vertex.equation:
                assert sum("  = " in line for line in said) == 1
        backs = [line for line in lines if line.startswith("◀ ") and "is given" not in line]
        assert len(backs) == len(drawing.backs)


def test_tree_of_forty_layers_is_narrow() -> None:
    text = (ROOT / "specs/mlp_40.yaml").read_text(encoding="utf-8")
    lines = tree(drawn(text), Look()).splitlines()
    assert max(map(len, lines)) < 80


def test_tree_in_ascii_has_no_other_sign() -> None:
    page = tree(drawn(TWO_LAYER), Look(ascii=True))
    assert page.isascii()
    assert "<- dA1 = W2.T @ dZ2" in page
    assert "+- W2 (k, h)  param" in page


def test_tree_in_colour_says_the_same() -> None:
    plain = tree(drawn(TWO_LAYER), Look())
    coloured = tree(drawn(TWO_LAYER), Look(color=True))
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", coloured)
    assert coloured != stripped
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


# --- conventions ---------------------------------------------------------------------------------


def rewritten(text: str, to: str, path: str = "spec.yaml") -> Rewritten:
    found, findings = api.rewritten(text, path, to)
    assert found is not None, findings
    return found


def forward_of(text: str) -> dict[str, str]:
    report = api.check(text, "spec.yaml")
    return {value.name: value.equation for value in report.values if value.equation}


def shapes_of(text: str) -> dict[str, tuple[str, ...]]:
    return {value.name: value.shape for value in api.check(text, "spec.yaml").values}


REWRITTEN = ["two_layer", "two_layer_rows", "two_layer_torch", "batch_norm", "lstm_cell"]
REWRITTEN += ["tied_autoencoder", "logistic_regression", "mixture_of_two_experts", "residual_block"]


@pytest.mark.parametrize("to", LAST)
@pytest.mark.parametrize("name", REWRITTEN)
def test_rewritten_spec_is_clean_and_has_all_claims(name: str, to: str) -> None:
    text = (ROOT / f"specs/{name}.yaml").read_text(encoding="utf-8")
    made = rewritten(text, to)
    assert made.left_out == ()
    before, after = api.check(text, "spec.yaml"), api.check(made.text, "spec.yaml")
    assert after.findings == ()
    assert [(c.gradient, c.verdict) for c in after.claims] == [
        (c.gradient, c.verdict) for c in before.claims
    ]


def test_columns_rows_and_torch_layout_of_the_two_layer_networks_are_each_other() -> None:
    texts = {
        "columns": (ROOT / "specs/two_layer.yaml").read_text(encoding="utf-8"),
        "rows": (ROOT / "specs/two_layer_rows.yaml").read_text(encoding="utf-8"),
    }
    for was, to in (("columns", "rows"), ("rows", "columns")):
        found = rewritten(texts[was], to)
        assert (found.was, found.to) == (was, to)
        assert forward_of(found.text) == forward_of(texts[to])
        assert shapes_of(found.text) == shapes_of(texts[to])


def test_torch_layout_has_weights_out_in_and_no_transpose_in_what_flows_back() -> None:
    made = rewritten((ROOT / SPEC).read_text(encoding="utf-8"), "torch-layout")
    assert forward_of(made.text)["Z2"] == "A1 @ W2.T + b2"
    assert shapes_of(made.text)["W2"] == ("k", "h")
    report = api.check(made.text, "spec.yaml")
    formulas = {each.gradient: each.formula.text for each in report.gradients}
    assert (formulas["dA1"], formulas["dW2"]) == ("dZ2 @ W2", "dZ2.T @ A1")


def ran(text: str, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Run a network of the two-layer kind: its equations and gradients, as NumPy."""
    names: dict[str, object] = dict(given)
    names |= {"relu": lambda Z: np.maximum(Z, 0), "np": np, "m": 3}

    def softmax(Z: np.ndarray, axis: int) -> np.ndarray:
        powers = np.exp(Z - Z.max(axis=axis, keepdims=True))
        found: np.ndarray = powers / powers.sum(axis=axis, keepdims=True)
        return found

    def cross_entropy(P: np.ndarray, Y: np.ndarray, axis: int) -> float:
        return float(-np.mean(np.sum(Y * np.log(P), axis=axis)))

    names |= {"softmax": softmax, "cross_entropy": cross_entropy}
    report = api.check(text, "spec.yaml")
    for value in report.values:
        if value.equation:
            names[value.name] = eval(value.equation, {}, names)
    for each in report.gradients:
        names[each.gradient] = eval(each.formula.numpy, {}, names)
    return {
        name: np.asarray(value)
        for name, value in names.items()
        if not callable(value) and value is not np
    }


def test_round_trip_has_the_same_loss_and_the_same_gradients() -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    rows = rewritten(text, "rows").text
    back = rewritten(rows, "columns").text
    assert forward_of(back) == forward_of(text)
    random = np.random.default_rng(5)
    n, h, k, m = 7, 5, 2, 3
    shapes = {"X": (n, m), "W1": (h, n), "b1": (h, 1), "W2": (k, h), "b2": (k, 1)}
    given = {name: random.standard_normal(shape) for name, shape in shapes.items()}
    given["Y"] = np.eye(k)[:, random.integers(0, k, m)]
    turned = {
        name: value[:, 0] if name in ("b1", "b2") else value.T for name, value in given.items()
    }
    columns, in_rows, again = ran(text, given), ran(rows, turned), ran(back, given)
    assert np.isclose(columns["J"], in_rows["J"])
    for name in ("dW1", "dW2", "dA1", "dZ1", "dZ2"):
        assert np.allclose(columns[name], in_rows[name].T)
        assert np.allclose(columns[name], again[name])
    assert np.allclose(columns["db1"][:, 0], in_rows["db1"])


def test_wrong_claim_stays_wrong_and_a_convention_a_convention() -> None:
    claims = "gradients:\n  dZ2: A2 - Y\n  dW2: dZ2 @ A1.T / m\n  dA1: W2.T @ dZ2 * 2\n"
    text = TWO_LAYER + "loss: J\n" + claims
    verdicts = [each.verdict for each in api.check(text, "spec.yaml").claims]
    assert "wrong" in verdicts
    made = rewritten(text, "torch-layout")
    assert [each.verdict for each in api.check(made.text, "spec.yaml").claims] == verdicts


def test_claim_of_a_wrong_shape_is_left_out_and_said_so() -> None:
    made = rewritten(TWO_LAYER + "loss: J\ngradients:\n  dW2: A1 @ dZ2\n", "rows")
    assert made.left_out == (("dW2 = A1 @ dZ2", "its shape is wrong"),)
    assert "# Left out: dW2 = A1 @ dZ2 (its shape is wrong)" in made.text


def test_assumptions_go_along_the_other_axis_and_to_the_other_triangle() -> None:
    text = "dims: {n: 5, m: 3}\nassume:\n  Y: [one-hot axis=0]\n  L: [lower-triangular]\n"
    text += "inputs: {X: [n, m], Y: [n, m]}\nparams: {L: [n, n], W: [n, n]}\n"
    text += "forward:\n  Z: W @ X\n  J: softmax_cross_entropy(L @ Z, Y, axis=0)\nloss: J\n"
    made = rewritten(text, "rows")
    assert "Y: [one-hot axis=1]" in made.text
    assert "L: [upper-triangular]" in made.text


def test_numerator_layout_and_strict_scale_are_kept() -> None:
    text = TWO_LAYER + "loss: J\nlayout: numerator\nscale: strict\n"
    text += "gradients:\n  dW2: A1 @ dZ2\n  db2: sum(dZ2, axis=0, keepdims=True)\n"
    made = rewritten(text, "rows")
    report = api.check(made.text, "spec.yaml")
    assert (made.left_out, report.layout, report.findings) == ((), "numerator", ())
    assert "scale: strict" in made.text
    assert "dW2 = dZ2 @ A1" in made.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "inputs: {X: [b, m, n]}\nparams: {W: [n, k]}\nforward:\n  Y: X @ W",
            "`X` has more than two axes",
        ),
        (
            "inputs: {X: [n, m]}\nparams: {W: [k, n], V: [m, q]}\nforward:\n  Z: W @ X\n  Y: Z @ V",
            "`W` stands in front in `Z = W @ X`, but `V` behind in `Y = Z @ V`",
        ),
        ("params: {X: [m, n]}\nforward:\n  Y: X * 2", "no weight multiplies a value"),
        (
            "inputs: {X: [m, n]}\nparams: {W: [n, k]}\nforward:\n  Z: X @ W\n  Y: vec(Z)",
            "`Y = vec(Z)` has no counterpart: reshape names parts of its axes",
        ),
    ],
)
def test_what_has_no_counterpart_is_refused_with_the_reason(text: str, reason: str) -> None:
    made = rewritten(f"{text}\n  s: sum(Y * Y)\nloss: s", "columns")
    assert made.refused.startswith(reason)
    assert not made.text


def test_vectors_become_columns_where_they_are_repeated() -> None:
    text = (ROOT / "specs/batch_norm.yaml").read_text(encoding="utf-8")
    made = rewritten(text, "columns")
    assert forward_of(made.text)["mu"] == "mean(Z, axis=1, keepdims=True)"
    assert forward_of(made.text)["s"] == "sqrt(v + eps)"
    assert shapes_of(made.text)["gamma"] == ("h", "1")


def test_network_in_the_convention_already_stays_as_it_is() -> None:
    text = (ROOT / SPEC).read_text(encoding="utf-8")
    found = runner.invoke(cli.app, ["export", str(ROOT / SPEC), "--to", "columns"])
    assert (found.exit_code, found.stdout) == (0, text)
    assert "is in columns already" in found.stderr


# --- scripts -------------------------------------------------------------------------------------


def script(text: str, library: str) -> str:
    found, findings, reason = api.script(text, "spec.yaml", library)
    assert (findings, reason) == ((), "")
    return found


def run_script(text: str, folder: Path) -> dict[str, object]:
    """Run a script, which fails where a gradient is not the difference of the loss."""
    file = folder / "script.py"
    file.write_text(text, encoding="utf-8")
    return runpy.run_path(str(file), run_name="__main__")


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_script_in_numpy_has_the_gradients_that_differences_have(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = path.read_text(encoding="utf-8")
    run_script(script(text, "numpy"), tmp_path)
    params = [value for value in api.check(text, path.name).values if value.kind == "param"]
    assert len(capsys.readouterr().out.splitlines()) == len(params)


ODD_NAMES = 'name: "a \\" \\\\"\nparams: {np: [k, n], given: [n, m]}\nconstants: {eps: 0.5}\n'
ODD_NAMES += "forward:\n  forward: np @ given + eps\nupstream: {forward: random}\n"
GIVEN = "params: {X: [m, n]}\nforward:\n  Y: X * 2\n  Z: Y * Y\nupstream: [Y, Z]\n"


@pytest.mark.parametrize("text", [TWO_LAYER + "loss: J\nlayout: numerator\n", ODD_NAMES, GIVEN])
def test_script_of_odd_networks_runs(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_script(script(text, "numpy"), tmp_path)
    assert "by differences" in capsys.readouterr().out


def test_wrong_gradient_fails_in_its_script(tmp_path: Path) -> None:
    text = script(TWO_LAYER, "numpy").replace("dW1 = dZ1 @ X.T", "dW1 = dA1 @ X.T * 2")
    with pytest.raises(AssertionError, match="Mismatched"):
        run_script(text, tmp_path)


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_scripts_of_frameworks_run(library: str, tmp_path: Path) -> None:
    pytest.importorskip(library)
    for path in SPECS:
        text = path.read_text(encoding="utf-8")
        found, _, reason = api.script(text, path.name, library.replace("torch", "pytorch"))
        assert found or "has no equivalent" in reason
        if found:
            run_script(found, tmp_path)


def test_op_that_a_library_lacks_is_refused_by_name() -> None:
    path = str(ROOT / "specs/small_cnn.yaml")
    found = runner.invoke(cli.app, ["export", path, "--to", "jax"])
    assert (found.exit_code, found.stdout) == (2, "")
    assert "`conv2d` has no equivalent in JAX" in found.stderr


# --- the command ---------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    call = [sys.executable, "-m", "shapecalc", "export", *arguments]
    found = subprocess.run(
        call,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return found.stdout


PAGES: dict[str, Callable[[], str]] = {
    "two_layer.mmd": lambda: run(SPEC, "--to", "mermaid", "--backward"),
    "two_layer.dot": lambda: run(SPEC, "--to", "dot", "--backward"),
    "two_layer.svg": lambda: run(SPEC, "--to", "svg", "--backward"),
    "two_layer.txt": lambda: run(SPEC, "--to", "tree", "--backward"),
    "two_layer_in_rows.yaml": lambda: run(SPEC, "--to", "rows"),
    "two_layer_in_torch_layout.yaml": lambda: run(SPEC, "--to", "torch-layout"),
    "two_layer_numpy.txt": lambda: run(SPEC, "--to", "numpy"),
    "two_layer_side_by_side.txt": lambda: run(SPEC, "--to", "rows", "--side-by-side"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page_is_as_it_was_read(name: str) -> None:
    page, file = PAGES[name](), GOLDEN / name
    if os.environ.get("SHAPECALC_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        file.write_text(page, encoding="utf-8")
    assert file.read_text(encoding="utf-8") == page


def test_spec_with_an_error_ends_with_2_and_the_finding(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(TWO_LAYER.replace("W1 @ X", "X @ W1"), encoding="utf-8")
    for to in ("tree", "rows"):
        found = runner.invoke(cli.app, ["export", str(file), "--to", to])
        assert found.exit_code == 2
        assert "SC301" in found.stderr
        assert found.stdout == ""


def test_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "graph.svg"
    found = runner.invoke(
        cli.app, ["export", str(ROOT / SPEC), "--to", "svg", "--output-file", str(file)]
    )
    assert (found.exit_code, found.stdout) == (0, "")
    assert file.read_text(encoding="utf-8").endswith("</svg>\n")
    missing = str(tmp_path / "none" / "graph.svg")
    found = runner.invoke(
        cli.app, ["export", str(ROOT / SPEC), "--to", "svg", "--output-file", missing]
    )
    assert found.exit_code == 2
    assert "cannot write" in found.stderr


@pytest.mark.parametrize("flags", [["rows", "--backward"], ["tree", "--side-by-side"], ["word"]])
def test_flags_that_do_not_go_together_are_refused(flags: list[str]) -> None:
    found = runner.invoke(cli.app, ["export", str(ROOT / SPEC), "--to", *flags])
    assert found.exit_code == 2
    assert found.stdout == ""


def test_spec_is_read_from_a_pipe() -> None:
    found = runner.invoke(cli.app, ["export", "-", "--to", "rows"], input=TWO_LAYER)
    assert found.exit_code == 0
    assert "Z2 = A1 @ W2 + b2" in found.stdout


def test_failure_of_ours_is_said_to_be_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division")

    monkeypatch.setattr(api, "drawn", fails)
    found = runner.invoke(cli.app, ["export", str(ROOT / SPEC), "--to", "tree"])
    assert (found.exit_code, found.stdout) == (2, "")
    assert "SC902" in found.stderr
