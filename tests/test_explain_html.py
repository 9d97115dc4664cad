"""Explanations as web pages: all of an explanation is there, nothing from elsewhere, and it works.

The second half opens pages in a real browser, on a phone's width and a desk's, by day and night.
"""

import re
from collections.abc import Iterator
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from browser import Opened, opened, printed
from checking import ROOT, TWO_LAYER
from matplotlib import image as images
from test_explain import run, spec
from test_mathtext import spelled

from shapecalc import load, teach
from shapecalc.records import Report, WalkEdge
from shapecalc.records.explained import (
    Box,
    Boxes,
    Explanation,
    Grid,
    Lines,
    Matrix,
    Moves,
    Numbers,
    Prose,
    Sides,
    Walked,
)
from shapecalc.render.web.blocks import blocks_html
from shapecalc.render.web.page import explanation_fragment, style, web_page
from shapecalc.render.web.prose import Writing

CASES = [
    ("two_layer", "A1"),
    ("two_layer", "W2"),
    ("two_layer", "b2"),
    ("two_layer", "Z2"),
    ("two_layer_square", "A1"),
    ("batch_norm", "D"),
    ("attention_single_head", "Q"),
    ("layer_norm", "X"),
]
SHOWN = CASES[0], CASES[2], CASES[5], CASES[6], CASES[7]
WRITING = Writing(frozenset({"W2", "dZ2", "A1", "k", "m", "h"}), {})
VOID = {"meta", "br"}


@cache
def explained(stem: str, name: str) -> tuple[Explanation, Report]:
    answer = teach.explain(spec(stem), f"{stem}.yaml", name)
    assert answer.explanation is not None
    return answer.explanation, answer.report


@cache
def page(stem: str, name: str) -> str:
    explanation, report = explained(stem, name)
    return web_page([explanation], report)


@cache
def page_of_all() -> str:
    report, every = teach.explain_each(TWO_LAYER, "two_layer.yaml")
    return web_page(every, report)


def tree(written: str) -> ElementTree.Element:
    """Read a page as XML, which forgives nothing."""
    text = written.removeprefix("<!DOCTYPE html>\n")
    return ElementTree.fromstring(text)  # noqa: S314 (our own page)


def words(element: ElementTree.Element) -> str:
    return re.sub(r"\s+", " ", "".join(element.itertext()))


def texts(explanation: Explanation) -> Iterator[str]:
    """List what an explanation says and has formulas in."""
    for step in explanation.steps:
        for level in step.levels:
            yield level.remark
            yield level.check
            for block in level.blocks:
                match block:
                    case Prose(text):
                        yield text
                    case Lines(left, lines):
                        yield left
                        yield from (each for line in lines for each in line)
                    case Sides(left_side, right_side):
                        yield from (*left_side, *right_side)
                    case Walked():
                        yield block.result
                        yield block.shapes
                    case Grid():
                        yield from (text[1:] for text in block.legend)
                    case Moves():
                        yield block.left
                        yield block.still
                    case Boxes() | Numbers():
                        yield block[0][0].name


class Tags(HTMLParser):
    """Reads a page as a browser does, and keeps tags that are not closed."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: list[str] = []
        self.wrong: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del attrs
        if tag not in VOID:
            self.waiting.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Leave out what is closed at once."""

    def handle_endtag(self, tag: str) -> None:
        if not self.waiting or self.waiting.pop() != tag:
            self.wrong.append(tag)


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_a_page_is_well_formed_and_needs_nothing_else(stem: str, name: str) -> None:
    written = page(stem, name)
    root = tree(written)
    tags = Tags()
    tags.feed(written)
    assert (tags.wrong, tags.waiting) == ([], [])
    assert root.attrib["lang"] == "en"
    used = {each.tag for each in root.iter()}
    assert not used & {"script", "link", "img", "iframe", "object", "form"}
    links = [value for each in root.iter() for key, value in each.items() if key in ("href", "src")]
    places = [each.attrib["id"] for each in root.iter() if "id" in each.attrib]
    assert len(places) == len(set(places))
    assert all(link.startswith("#") and link[1:] in places for link in links)
    assert not re.search(r"https?:|url\(|@import|javascript:|\bon\w+=", written)


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_all_that_is_explained_is_on_the_page(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    root = tree(page(stem, name))
    levels = root.findall(".//details")
    assert len(levels) == sum(len(step.levels) for step in explanation.steps)
    assert all("open" in level.attrib for level in levels)  # what is folded is not printed
    found = spelled(re.sub(r"\s", "", words(root)))
    for text in texts(explanation):
        for part in re.split(r" = |`", text):
            wanted = re.sub(r"\s", "", spelled(part)).removeprefix("=")
            assert wanted in found, part


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_each_formula_is_mathml_with_its_text(stem: str, name: str) -> None:
    maths = tree(page(stem, name)).findall(".//math")
    assert len(maths) > 50
    for each in maths:
        if "alttext" in each.attrib:
            assert spelled(words(each)) == spelled(each.attrib["alttext"])


def outside_of_formulas(element: ElementTree.Element) -> str:
    """Join the words that are in no formula, no code and no picture."""
    if element.tag in ("math", "code", "svg", "head"):
        return ""
    inside = (outside_of_formulas(each) + (each.tail or "") for each in element)
    return (element.text or "") + "".join(inside)


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_names_of_values_are_set_as_formulas(stem: str, name: str) -> None:
    explanation, _ = explained(stem, name)
    names = {value for step in explanation.steps for value, _ in step.shapes}
    names |= {step.output for step in explanation.steps} | {name, f"d{name}"}
    left = set(re.findall(r"\w+", outside_of_formulas(tree(page(stem, name)))))
    assert not names & left


@pytest.mark.parametrize(("stem", "name"), CASES)
def test_pictures_have_a_text_and_levels_a_heading(stem: str, name: str) -> None:
    root = tree(page(stem, name))
    for svg in root.findall(".//svg"):
        if svg.attrib.get("aria-hidden") != "true":
            assert svg.attrib["role"] == "img"
            assert len(svg.findtext("title") or "") > 8
    assert len(root.findall(".//summary/*[@class='title']")) == len(root.findall(".//details"))


@pytest.mark.parametrize("of", ["a use", "several uses", "all"])
def test_headings_go_down_by_one(of: str) -> None:
    case = {"a use": CASES[0], "several uses": CASES[5]}.get(of)
    written = page_of_all() if case is None else page(*case)
    depths = [int(each.tag[1]) for each in tree(written).iter() if re.fullmatch(r"h\d", each.tag)]
    assert depths.count(1) == 1
    assert all(low <= high + 1 for high, low in zip([0, *depths], depths, strict=False))


def test_a_page_of_all_leads_to_each_gradient_and_from_one_to_the_other() -> None:
    root = tree(page_of_all())
    names = ["A2", "Z2", "W2", "b2", "A1", "Z1", "W1", "b1"]
    assert [each.attrib["id"] for each in root.findall(".//article")] == names
    nav = root.find(".//nav")
    assert nav is not None
    assert [each.attrib["href"] for each in nav] == [f"#{name}" for name in names]
    links = {each.attrib["href"] for each in root.findall(".//p//a")}
    assert {"#W2", "#A1"} <= links  # `--wrt W2 says why`


def test_every_rule_of_the_style_keeps_to_our_own_element() -> None:
    rules = re.sub(r"@media[^{]+\{", "", style())
    for selectors in re.findall(r"([^{};]+)\{", rules):
        for selector in selectors.strip("} \n").split(","):
            own = re.match(
                r"(\[data-jp-theme-light=\S+ |\.vscode-\w+ )?\.shapecalc", selector.strip()
            )
            assert own, selector


def test_night_is_the_same_in_a_browser_and_in_a_notebook() -> None:
    nights = re.findall(r"\{([^{}]*color-scheme: dark;[^{}]*)\}", style())
    assert len(nights) == 2
    assert nights[0].split() == nights[1].split()


def test_a_fragment_stands_within_another_page() -> None:
    written = explanation_fragment(*explained("two_layer", "A1"))
    root = tree(written)
    assert root.tag == "div"
    assert len(root.findall(".//details")) == 7
    assert not [each for each in root.iter() if "id" in each.attrib]
    assert load(ROOT / "specs" / "two_layer.yaml").explain("A1")._repr_html_().startswith("<div")


# --- blocks -------------------------------------------------------------------------------------


def test_what_users_wrote_is_escaped() -> None:
    text = f"name: '<b>&\"</b>'\n{TWO_LAYER}"
    answer = teach.explain(text, "<i>&\x1b.yaml", "A1")
    assert answer.explanation is not None
    written = web_page([answer.explanation], answer.report)
    path = tree(written).find(".//p[@class='path']")
    assert path is not None
    assert words(path) == '<b>&"</b> · <i>&\\x1b.yaml'
    assert "<b>&" not in written


def test_a_clash_is_told_by_shape_and_sign_as_well_as_by_colour() -> None:
    boxes = (Box("dZ2", ("k", "m"), (2, 3)), Box("W2", ("k", "h"), (2, 5)))
    clash = blocks_html([Boxes(boxes, ("@",), "m ≠ k")], WRITING)
    assert clash.count('class="edge bad"') == 2
    assert clash.count("✗") == 2
    assert "stroke-dasharray" in style().split(".edge.bad")[1].split("}")[0]
    fits = blocks_html([Boxes((boxes[0], boxes[1]), ("@",))], WRITING)
    assert fits.count('class="edge fit"') == 2
    assert "✗" not in fits


def test_boxes_are_to_scale() -> None:
    boxes = (Box("A", ("k", "m"), (2, 3)), Box("B", ("m", "h"), (3, 5)))
    drawn = tree(blocks_html([Boxes(boxes, ("@",))], WRITING))
    sizes = [
        (float(each.attrib["height"]), float(each.attrib["width"]))
        for each in drawn.findall(".//rect[@class='box']")
    ]
    unit = sizes[0][0] / 2
    assert sizes == [(2 * unit, 3 * unit), (3 * unit, 5 * unit)]


def test_a_grid_has_a_square_for_each_entry_that_is_not_zero() -> None:
    cells = ((True, False), (False, True))
    grid = Grid(("Z[:,0]", "Z[:,1]"), ("A[:,0]", "A[:,1]"), cells, ("■ W2", "· zero"))
    drawn = tree(blocks_html([grid], WRITING))
    paths = {each.attrib["class"]: each.attrib["d"] for each in drawn.findall("./div/svg/path")}
    assert (paths["full"].count("z"), paths["empty"].count("M")) == (2, 2)


def test_a_walk_is_dashed_where_it_goes_against_an_arrow() -> None:
    edges = (WalkEdge("W2", "i", "p", along=False), WalkEdge("dZ2", "i", "q", along=True))
    walk = Walked(edges, ("p", "i", "q"), "W2.T @ dZ2", "(h, k) @ (k, m)")
    drawn = tree(blocks_html([walk], WRITING))
    kinds = [each.attrib["class"] for each in drawn.findall(".//svg/path")]
    assert [each for each in kinds if each.startswith("walk ")] == ["walk against", "walk along"]
    assert "W2[i,p] against the arrow, so transposed" in words(drawn)


def test_numbers_of_a_stack_are_a_table_for_each_matrix() -> None:
    entries = tuple(float(at) for at in range(12))
    drawn = tree(
        blocks_html([Numbers((Matrix("A", ("b", "k", "m"), (2, 2, 3), entries),))], WRITING)
    )
    tables = [
        [words(cell) for cell in each.findall(".//tbody/tr/td")] for each in drawn.iter("table")
    ]
    assert tables == [["0", "1", "2", "3", "4", "5"], ["6", "7", "8", "9", "10", "11"]]
    assert [words(each) for each in drawn.iter("caption")] == ["A[0,:,:]", "A[1,:,:]"]


@pytest.mark.parametrize(("size", "count"), [((), 1), ((3,), 3), ((2, 1), 2)])
def test_numbers_of_any_rank(size: tuple[int, ...], count: int) -> None:
    matrix = Matrix("v", ("k",) * len(size), size, (1.5,) * count)
    drawn = tree(blocks_html([Numbers((matrix,))], WRITING))
    assert [words(each) for each in drawn.findall(".//tbody//td")] == ["1.500"] * count


# --- the program --------------------------------------------------------------------------------


def test_the_program_writes_a_page_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "a1.html"
    done = run("specs/two_layer.yaml", "--wrt", "A1", "--html", str(file))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert "Why is dA1 = W2.T @ dZ2" not in file.read_text("utf-8").split("</title>")[1]
    assert len(tree(file.read_text("utf-8")).findall(".//article")) == 1
    kept = file.read_bytes()
    assert run("specs/two_layer.yaml", "--wrt", "A1", "--html", "-").stdout == file.read_text(
        "utf-8"
    )
    done = run("specs/bad/inner_dims.yaml", "--html", str(file))
    assert done.returncode == 2
    assert "SC301" in done.stdout
    assert file.read_bytes() == kept
    done = run("specs/two_layer.yaml", "--html", str(tmp_path / "no" / "folder.html"))
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a1.html"]


def test_the_program_writes_one_page_on_all_gradients(tmp_path: Path) -> None:
    file = tmp_path / "all.html"
    assert run("specs/two_layer.yaml", "--level", "1", "--html", str(file)).returncode == 0
    assert len(tree(file.read_text("utf-8")).findall(".//article")) == 8
    assert run("specs/two_layer.yaml", "--html", str(file), "--to", "latex").returncode == 2


# --- in a browser -------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["light", "dark"])
def shown(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Opened:
    pages = {f"{stem}_{name}": page(stem, name) for stem, name in SHOWN} | {"all": page_of_all()}
    widths = {"phone": 390, "desk": 1200} if request.param == "light" else {"phone": 390}
    frames = {
        f"{name}_{kind}": (written, width)
        for name, written in pages.items()
        for kind, width in widths.items()
    }
    folder = tmp_path_factory.mktemp("browser")
    return opened(folder, frames, is_dark=request.param == "dark")


def test_pages_in_a_browser(shown: Opened, request: pytest.FixtureRequest) -> None:
    is_dark = "dark" in request.node.name
    assert shown.errors == []
    assert len(shown.measured) == (1 if is_dark else 2) * (len(SHOWN) + 1)
    for name, found in shown.measured.items():
        assert found["width"] == (390 if name.endswith("phone") else 1200), name
        assert (found["overflow"], found["sticksOut"]) == (0, []), name
        assert found["maths"] > 50, name
        assert found["empty"] == 0, name
        assert found["levels"] == found["open"] > 5, name
        before, folded = found["folded"]
        assert folded < 100 < before, name
        assert found["contrast"]["least"] >= 4.5, (name, found["contrast"])
        assert found["drawn"] == {"outside": [], "over": []}, name
        assert found["ground"] == ("rgb(16, 20, 24)" if is_dark else "rgb(255, 255, 255)"), name
    pixels = images.imread(shown.image)[:, :390, :3]  # the first page, on its phone
    assert (pixels.mean() < 0.35) == is_dark
    assert pixels.std() > 0.05


def test_a_page_on_paper(tmp_path: Path) -> None:
    closed = page("two_layer", "A1").replace('<details open=""', "<details")
    whole = printed(tmp_path, page("two_layer", "A1")).read_bytes()
    assert whole.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", whole)) >= 3
    again = printed(tmp_path, closed).read_bytes()  # a reader had folded all
    assert len(re.findall(rb"/Type /Page\b", again)) >= 3
