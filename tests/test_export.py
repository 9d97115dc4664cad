"""`export`: graphs in every format, and networks in another convention.

The golden files are those of the two-layer network. To write them anew:
SHAPECALC_GOLDEN=write pytest tests/test_export.py, and read the diff.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from xml.etree import ElementTree

import pytest
from checking import ROOT, SPECS, TWO_LAYER
from typer.testing import CliRunner

from shapecalc import api, cli
from shapecalc.records import Drawing
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
