"""Questions, marks, scores, stops of the tour and the gallery → pages for a terminal."""

from collections.abc import Iterable, Sequence

from shapecalc.render.notation import counted, shape
from shapecalc.render.output import Look
from shapecalc.render.page import SIGN_STYLES, Page, cell
from shapecalc.teach.quiz.gallery import Exhibit, Run
from shapecalc.teach.quiz.mistakes import Mistake
from shapecalc.teach.quiz.numbers import Difference
from shapecalc.teach.quiz.records import TOPICS, Mark, Matrix, Question, Score
from shapecalc.teach.quiz.tour import Stop

KEYS = "? explains, s skips, q quits"
PROMPT = "> "


def head_page(name: str, count: int, seed: int, look: Look) -> str:
    """Print what a quiz is about, and its keys."""
    page = Page(look)
    page.head("QUIZ", f"{name}: {counted(count, 'question')}, seed {seed}")
    page.line(cell("dV is the gradient of the loss by V, in the shape that is given"), indent=2)
    page.line(cell(KEYS), indent=2)
    return _text(page)


def tour_page(count: int, look: Look) -> str:
    """Print what the tour is."""
    page = Page(look)
    page.head("TOUR", f"{counted(count, 'stop')}, some fifteen minutes; {KEYS}")
    return _text(page)


def stop_page(stop: Stop, number: int, count: int, look: Look) -> str:
    """Print what is said at a stop of the tour."""
    page = Page(look)
    page.lines.append(())
    page.line(cell(f"{number} of {count}  {stop.title}", "bold"))
    _prose(page, stop.text)
    return _text(page)


def question_page(question: Question, place: str, look: Look) -> str:
    """Print a question with what is given; `place` says which it is of how many."""
    page = Page(look)
    if place:
        page.lines.append(())
        page.line(cell(place, "bold"), cell(f"  {TOPICS[question.topic]}", "dim"))
    for equation in question.equations:
        page.formula(cell(f"    {equation}"), hang=4)
    if any(dims for _, dims in question.given):
        _prose(page, ", ".join(f"{name} {shape(dims)}" for name, dims in question.given), 4)
    for matrix in question.matrices:
        _matrix(page, matrix)
    _prose(page, question.text)
    for letter, formula in question.choices:
        page.formula(cell(f"    {letter}  {formula}"), hang=4)
    return _text(page)


def prompt(question: Question, look: Look) -> str:
    """Print what an answer looks like, without an end of line."""
    return Page(look).spelled(f"  {question.answer} {PROMPT}")


def mark_page(mark: Mark, left: int, look: Look) -> str:
    """Print what an answer is worth, and the hint."""
    page = Page(look)
    if mark.verdict == "right":
        page.line(cell("  ✓ right", SIGN_STYLES["✓"]))
        return _text(page)
    sign, said = ("✗", "not right") if mark.verdict == "wrong" else ("?", "not understood")
    first, *more = page.folded(f"{said}: {mark.hint}", page.width - 4)
    page.line(cell(f"  {sign} ", SIGN_STYLES[sign]), cell(first))
    for line in more:
        page.line(cell(line), indent=4)
    for note in mark.notes:
        _prose(page, note, 4)
    if left and mark.verdict == "wrong":
        page.line(cell(f"{'one more try' if left == 1 else f'{left} more tries'}"), indent=4)
    return _text(page)


def reason_page(question: Question, look: Look, *, with_key: bool) -> str:
    """Print the reason for an answer, line by line, and the answer itself."""
    page = Page(look)
    for line in question.why:
        page.line(cell(line), indent=4)
    return (answer_page(question, look) if with_key else "") + _text(page)


def answer_page(question: Question, look: Look) -> str:
    """Print the answer alone."""
    page = Page(look)
    page.line(cell("  = ", "bold"), cell(question.shown, "bold"))
    return _text(page)


def score_page(scores: Sequence[Score], look: Look) -> str:
    """Print the score by topic, and in all."""
    page = Page(look)
    page.lines.append(())
    if not scores:
        page.line(cell("SCORE", "bold"), cell("  nothing was answered"))
        return _text(page)
    page.line(cell("SCORE", "bold"))
    width = max(len(TOPICS[each.topic]) for each in scores)
    for each in scores:
        page.line(cell(f"{TOPICS[each.topic]:<{width}}  {_counts(each)}"), indent=2)
    asked, right = (sum(n) for n in zip(*((e.asked, e.right) for e in scores), strict=True))
    sign = "✓" if right == asked else "!"
    page.line(cell(sign, SIGN_STYLES[sign]), cell(f" {right} of {asked} right"))
    return _text(page)


def _counts(score: Score) -> str:
    later = score.right - score.first
    notes = [f"{later} not at once"] if later else []
    notes += [f"{score.skipped} skipped"] if score.skipped else []
    return f"{score.right} of {score.asked}" + (f"  ({', '.join(notes)})" if notes else "")


def marks_page(rows: Iterable[tuple[int, Question, str, Mark]], look: Look) -> str:
    """Print the marks of a worksheet: of each answer what it is worth, and why."""
    page = Page(look)
    for number, question, answer, mark in rows:
        sign = "✓" if mark.verdict == "right" else "✗"
        given = answer or "no answer"
        page.line(cell(f"{sign} ", SIGN_STYLES[sign]), cell(f"{number}. {question.text}"))
        page.line(cell(given), indent=4)
        if sign == "✗":
            if answer:
                page.line(cell(mark.hint), indent=4)
            page.line(cell(f"= {question.shown}"), indent=4)
    return _text(page)


def gallery_page(exhibits: Iterable[Exhibit], look: Look) -> str:
    """Print mistakes: each with its network, what betrays it, what is right, and why."""
    page = Page(look)
    for exhibit in exhibits:
        _exhibit(page, exhibit)
    return _text(page)


def names_text(mistakes: Iterable[Mistake]) -> str:
    """List the names of mistakes as prose does."""
    return ", ".join(each.name for each in mistakes)


def _exhibit(page: Page, exhibit: Exhibit) -> None:
    mistake = exhibit.mistake
    page.blank()
    page.line(cell(mistake.name, "bold"), cell(f"  {mistake.title}"))
    for place, line in enumerate(_filled(exhibit.equations, page.width - 12)):
        page.line(cell(f"  {'' if place else 'network':<8}  {line}"))
    _field(page, "", ", ".join(f"{name} {dims}" for name, dims in exhibit.shapes))
    _field(page, "wrong", f"{mistake.gradient} = {mistake.wrong}", "red")
    _field(page, "", _without_backticks(exhibit.said))
    _field(page, "betrayed", f"by {_betrayal(mistake, exhibit.here)}")
    if exhibit.here.outcome != "number":
        _field(page, "alike", f"where all dims have one size: {_alike(mistake, exhibit.alike)}")
    _field(page, "right", f"{mistake.gradient} = {exhibit.right}", "green")
    for why in exhibit.why:
        _field(page, "why", _without_backticks(why))
    if mistake.remark:
        _field(page, "", mistake.remark)


def _filled(equations: Sequence[str], width: int) -> list[str]:
    """Set equations side by side, as many on a line as there is room for."""
    lines = [""]
    for equation in equations:
        longer = f"{lines[-1]}; {equation}" if lines[-1] else equation
        if len(longer) > width and lines[-1]:
            lines.append(equation)
        else:
            lines[-1] = longer
    return lines


def _without_backticks(text: str) -> str:
    return text.replace("`", "")


def _betrayal(mistake: Mistake, run: Run) -> str:
    if run.outcome == "error":
        return f"an error: {run.why}"
    if run.outcome == "shape":
        return f"its shape alone: {_shapes(mistake, run)}"
    if run.worst is None:
        return "nothing: it is right at these sizes"
    return f"a wrong number, and by no error: {_number(mistake, run.worst)}"


def _alike(mistake: Mistake, run: Run) -> str:
    if run.outcome == "error":
        return f"an error: {run.why}"
    if run.outcome == "shape":
        return f"its shape betrays it still: {_shapes(mistake, run)}"
    if run.worst is None:
        return "it is right"
    return f"no error, and the right shape; {_number(mistake, run.worst)}"


def _shapes(mistake: Mistake, run: Run) -> str:
    found, needed = run.shapes
    value = mistake.gradient.removeprefix("d")
    step = f"; {value} - {mistake.gradient} runs, and is {run.step}" if run.step else ""
    return f"{found}, and {value} is {needed}{step}"


def _number(mistake: Mistake, worst: Difference) -> str:
    place = ",".join(map(str, worst.place))
    return f"{mistake.gradient}[{place}] is {worst.found:.3g}, and should be {worst.right:.3g}"


def _field(page: Page, name: str, text: str, style: str = "") -> None:
    first, *more = page.folded(text, page.width - 12)
    page.line(cell(f"  {name:<8}  "), cell(first, style))
    for line in more:
        page.line(cell(line, style), indent=12)


def _matrix(page: Page, matrix: Matrix) -> None:
    """Print a matrix row by row, its columns set to the right."""
    texts = [[f"{number:g}" for number in row] for row in matrix.rows]
    width = max(len(text) for row in texts for text in row)
    for place, row in enumerate(texts):
        start = f"{matrix.name} = " if place == 0 else " " * (len(matrix.name) + 3)
        numbers = "  ".join(text.rjust(width) for text in row)
        page.line(cell(f"{start}[ {numbers} ]"), indent=4)


def _prose(page: Page, text: str, indent: int = 2) -> None:
    for line in page.folded(text, page.width - indent):
        page.line(cell(line), indent=indent)


def _text(page: Page) -> str:
    page.hold_to_width()
    return page.text()
