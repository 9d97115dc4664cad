"""`verify` judges a line without a file; `check --fix` writes what is right into one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from checking import ROOT
from typer.testing import CliRunner

from shapecalc import api, cli

runner = CliRunner()
DENSE = ("--forward", "Z2 = W2 @ A1 + b2", "--shape", "W2=k,h", "--shape", "A1=h,m")
LAYER = (*DENSE, "--shape", "b2=k,1")


def run(*arguments: str, stdin: str | None = None) -> tuple[int, str]:
    result = runner.invoke(cli.app, list(arguments), input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.stdout


def judged(claim: str, *given: str) -> dict[str, object]:
    _, printed = run("verify", claim, *given, "--json")
    (found,) = json.loads(printed)["specs"][0]["claims"]
    return dict(found)


@pytest.mark.parametrize(
    ("claim", "mistakes", "right"),
    [
        ("dA1 = dZ2 @ W2", ["reversed", "missing-transpose"], "W2.T @ dZ2"),
        ("dA1 = W2 @ dZ2", ["missing-transpose"], "W2.T @ dZ2"),
        ("dW2 = A1 @ dZ2.T", ["other-layout"], "dZ2 @ A1.T"),
        ("dW2 = dZ2.dot(A1)", ["missing-transpose"], "dZ2 @ A1.T"),
        ("dW2 = dZ2 * A1.T", ["star-for-at"], "dZ2 @ A1.T"),
        ("dW2 = 3 * dZ2 @ A1.T", ["factor"], "dZ2 @ A1.T"),
        ("dW2 = -dZ2 @ A1.T", ["sign"], "dZ2 @ A1.T"),
        ("db2 = dZ2", ["missing-sum"], "sum(dZ2, axis=1, keepdims=True)"),
        ("db2 = np.sum(dZ2, axis=1)", ["keepdims"], "sum(dZ2, axis=1, keepdims=True)"),
        (
            "db2 = sum(dZ2, axis=0, keepdims=True)",
            ["wrong-axis"],
            "sum(dZ2, axis=1, keepdims=True)",
        ),
        (
            "db2 = mean(dZ2, axis=1, keepdims=True)",
            ["factor"],
            "sum(dZ2, axis=1, keepdims=True)",
        ),
    ],
)
def test_mistake_is_named_and_put_right(claim: str, mistakes: list[str], right: str) -> None:
    found = judged(claim, *LAYER)
    assert (found["verdict"], found["mistakes"], found["right"]) == ("wrong", mistakes, right)
    again = judged(f"{found['gradient']} = {right}", *LAYER)
    assert again["verdict"] == "right"


@pytest.mark.parametrize(
    ("claim", "forward", "shapes"),
    [
        *(
            (f"dZ = {claim}", "A = relu(Z)", ("Z=h,m",))
            for claim in (
                "dA * (Z >= 0)",
                "dA * (A > 0)",
                "dA * where(Z > 0, 1, 0)",
                "dA * (Z > 0).astype(float)",
                "dA * (A > 0).astype(np.float32)",
                "dA * (Z > 0).astype(int)",
                "np.multiply(dA, A > 0)",
            )
        ),
        ("dZ = dA * (1 - A**2)", "A = tanh(Z)", ("Z=h,m",)),
        ("dZ = np.multiply(dA, A * (1 - A))", "A = sigmoid(Z)", ("Z=h,m",)),
        ("dW = dZ.dot(A.T)", "Z = W @ A", ("W=k,h", "A=h,m")),
        ("db = np.sum(dZ, 1, keepdims=True)", "Z = X + b", ("X=k,m", "b=k,1")),
        ("db = dZ.sum(1)", "Z = X + expand_dims(b, 1)", ("X=k,m", "b=k")),
    ],
)
def test_idioms_that_are_right_are_accepted(
    claim: str, forward: str, shapes: tuple[str, ...]
) -> None:
    given = [part for shape in shapes for part in ("--shape", shape)]
    assert judged(claim, "--forward", forward, *given)["verdict"] == "right"


def test_whole_numbers_of_anything_else_are_not_read() -> None:
    given = ("--forward", "A = relu(Z)", "--shape", "Z=h,m")
    assert run("verify", "dZ = dA * Z.astype(int)", *given)[0] == 2


def test_number_that_stands_for_a_dim_is_right_and_noted() -> None:
    given = ("--forward", "J = sum(X**2) / m", "--shape", "X=n,m", "--size", "m=64")
    code, page = run("verify", "dX = 2 * X / 64", *given)
    assert code == 0
    assert "64 stands for `m`" in page


@pytest.mark.parametrize(
    ("claim", "mistakes", "right"),
    [
        ("dZ = dA * (1 - A**2)", ["derivative"], "dA * (Z > 0)"),
        ("dZ = dA", ["derivative"], "dA * (Z > 0)"),
        ("dZ = dA * (Z > 0) * (1 - A**2)", ["derivative"], "dA * (Z > 0)"),
        ("dW = dZ @ A.T", ["operand"], "dZ @ X.T"),
        ("dW = (dA @ (Z > 0)) @ X.T", ["at-for-star"], "(dA * (Z > 0)) @ X.T"),
    ],
)
def test_mistake_with_an_activation_is_named(claim: str, mistakes: list[str], right: str) -> None:
    square = ("--shape", "X=n,n", "--shape", "W=n,n", "--forward", "Z = W @ X; A = relu(Z)")
    found = judged(claim, *square)
    assert (found["mistakes"], found["right"]) == (mistakes, right)


def test_term_that_is_left_out_is_named() -> None:
    given = ("--forward", "Z = W.T @ (W @ X)", "--shape", "W=h,n", "--shape", "X=n,m")
    assert judged("dW = W @ dZ @ X.T", *given)["mistakes"] == ["dropped-term"]


def test_softmax_taken_entry_by_entry_is_another_derivative() -> None:
    given = ("--forward", "P = softmax(Z, axis=0)", "--shape", "Z=k,m")
    found = judged("dZ = dP * P * (1 - P)", *given)
    assert found["mistakes"] == ["derivative"]
    assert found["right"] == "P * (dP - sum(dP * P, axis=0, keepdims=True))"


def test_right_claims_are_said_to_be_right_and_exit_with_0() -> None:
    code, page = run("verify", "dA1 = W2.T @ dZ2; dW2 = dZ2 @ A1.T  # mine", *LAYER, "--ascii")
    assert code == 0
    assert page.count("right, algebra, for all sizes") == 2


def test_wrong_claim_exits_with_1_in_one_screen() -> None:
    code, page = run("verify", "dA1 = dZ2 @ W2", *LAYER)
    assert code == 1
    assert page.count("\n") <= 24
    assert "W2.T @ dZ2   right" in page


def test_claims_are_read_from_a_pipe() -> None:
    code, page = run("verify", *LAYER, stdin="dA1 = W2.T @ dZ2\n\ndW2 = dZ2 @ A1.T\n")
    assert code == 0
    assert "dW2 = dZ2 @ A1.T" in page


def test_a_scalar_at_the_end_is_the_loss() -> None:
    lines = "Z = X @ W\nP = softmax(Z, axis=1)\nJ = cross_entropy(P, Y, axis=1)"
    given = ("--forward", lines, *["--shape", "X=m,n", "--shape", "W=n,k", "--shape", "Y=m,k"])
    found = judged("dW = X.T @ (P - Y)", *given, "--assume", "Y: one-hot axis=1")
    assert (found["mistakes"], found["times"]) == (["factor"], "m")


def test_numerator_layout_is_the_transpose() -> None:
    assert judged("dW2 = A1 @ dZ2", *LAYER, "--numerator")["verdict"] == "right"


def test_layout_is_found_and_translated() -> None:
    code, page = run("verify", "dA1 = dZ2 @ W2; dW2 = A1 @ dZ2", *LAYER, "--any-layout", "--ascii")
    assert code == 0
    assert page.startswith("numerator layout: 2 of 2 hold\ndenominator layout: 0 of 2 hold\n")
    assert "in denominator layout\n  dW2 = dZ2 @ A1.T\n  dA1 = W2.T @ dZ2\n" in page


def test_translation_is_of_the_loss_where_there_is_one() -> None:
    given = ("--forward", "Z = W; J = sum(W**2)", "--shape", "W=k,h", "--any-layout", "--ascii")
    _, page = run("verify", "dW = 2 * W", *given)
    assert page.endswith("in numerator layout\n  dW = 2 * W.T\n")
    assert page.startswith("denominator layout: 1 of 1 hold\n")


NETWORK = (
    "--forward",
    "Z1 = W1 @ X; A1 = relu(Z1); Z2 = W2 @ A1; P = softmax(Z2, axis=0); J = cross_entropy(P, Y, 0)",
    *["--shape", "W1=h,n", "--shape", "X=n,m", "--shape", "W2=k,h", "--shape", "Y=k,m"],
)


def test_claims_for_examples_in_rows_are_known_as_such() -> None:
    claims = "dZ2 = P - Y; dA1 = dZ2 @ W2.T; dW2 = A1.T @ dZ2 / m"
    code, page = run("verify", claims, *NETWORK, "--any-layout", "--ascii")
    assert code == 0
    assert page.startswith("denominator layout, examples in rows: 3 of 3 hold\n")
    assert "dZ2 is m times the gradient, with 1/m left out\n         dA1 passes m on" in page
    early = "dZ2 = (P - Y) / m\n  dW2 = A1.T @ dZ2\n  dA1 = dZ2 @ W2.T\n"
    assert f"with each factor where the chain rule has it\n  {early}" in page
    columns = "dZ2 = (P - Y) / m\n  dW2 = dZ2 @ A1.T\n  dA1 = W2.T @ dZ2\n"
    assert f"in denominator layout\n  {columns}" in page


def test_division_is_put_off_on_demand() -> None:
    claims = "dZ2 = (P - Y) / m; dA1 = W2.T @ dZ2; dW2 = dZ2 @ A1.T"
    code, page = run("verify", claims, *NETWORK, "--any-layout", "--ascii")
    assert code == 0
    late = "dZ2 = P - Y\n  dW2 = dZ2 @ A1.T / m\n  dA1 = W2.T @ dZ2\n"
    assert f"with 1/m taken late\n  {late}" in page


def test_network_of_stacks_has_no_other_orientation() -> None:
    given = ("--forward", "Z = X @ W", "--shape", "X=b,m,n", "--shape", "W=n,k", "--any-layout")
    code, page = run("verify", "dX = dZ @ W.T", *given, "--ascii")
    assert code == 0
    assert page.count(" hold\n") == 2


def test_undecided_exits_with_3() -> None:
    given = ("--forward", "J = sum(sqrt(-w * w))", "--shape", "w=n")
    assert run("verify", "dw = w / sqrt(-w * w)", *given)[0] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dW = X", "--forward", "Z = W @ X"), "give its shape, `--shape W=n,m`"),
        (("dW = X", "--forward", "Z = W @ X", "--shape", "W"), "is no shape: write `W2=k,h`"),
        (("dW = X",), "write the equations"),
        ((" ", "--forward", "Z = W @ X"), "write a claim"),
        (("dW + X", *LAYER), "expected `name = expression`"),
    ],
)
def test_what_cannot_be_judged_says_what_to_write(arguments: tuple[str, ...], said: str) -> None:
    result = runner.invoke(cli.app, ["verify", *arguments])
    assert result.exit_code == 2
    assert said in " ".join((result.stdout + result.stderr).split())


def test_long_formula_is_judged_and_not_looked_into() -> None:
    found = judged("dW2 = W2" + " + dZ2 @ A1.T" * 30, *LAYER)
    assert (found["verdict"], found["mistakes"]) == ("wrong", [])


# --- fixes ---------------------------------------------------------------------------------------

FIXED = (
    *("swapped_factors", "wrong_sign", "lost_division", "star_for_product", "missing_sum"),
    *("derivative_of_tanh", "dropped_term", "missing_keepdims", "other_layout", "wrong_axis"),
    *("missing_transpose", "wrong_operand", "no_near_formula"),
)


@pytest.mark.parametrize("name", FIXED)
def test_fix_writes_the_right_formula_and_nothing_else(name: str, tmp_path: Path) -> None:
    bad = (ROOT / "specs" / "bad" / f"{name}.yaml").read_text(encoding="utf-8")
    path = tmp_path / "spec.yaml"
    path.write_text(bad, encoding="utf-8")
    code, shown = run("check", "--diff", str(path))
    assert code == 1
    assert path.read_text(encoding="utf-8") == bad
    code, _ = run("check", "--fix", str(path))
    assert code == 0
    old, new = bad.split("\n"), path.read_text(encoding="utf-8").split("\n")
    changed = [pair for pair in zip(old, new, strict=True) if pair[0] != pair[1]]
    assert len(changed) == 1
    assert f"-{changed[0][0]}\n+{changed[0][1]}\n" in shown


def test_fix_keeps_comments_quotes_and_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    text = (
        "# mine\r\ninputs: {X: [n, m]}\r\nparams: {W: [h, n], b: [h, 1]}\r\n"
        "forward: {Z: 'W @ X + b'}\r\nupstream: Z\r\n"
        "gradients: {db: dZ, dW: 'dZ @ X'}  # as in the notes\r\n"
    )
    path.write_bytes(text.encode())
    assert run("check", "--fix", str(path))[0] == 0
    mended = path.read_bytes().decode()
    right = text.replace("'dZ @ X'", "'dZ @ X.T'")
    right = right.replace("db: dZ,", 'db: "sum(dZ, axis=1, keepdims=True)",')
    assert mended == right


def test_fix_leaves_a_right_spec_alone(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes((ROOT / "specs" / "two_layer.yaml").read_bytes())
    before = path.stat().st_mtime_ns
    assert run("check", "--fix", str(path))[0] == 0
    assert run("check", "--diff", str(path)) == (0, "")
    assert path.stat().st_mtime_ns == before


def test_fix_keeps_the_mark_of_the_byte_order_and_a_last_line_without_end(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    text = "\ufeffparams: {W: [h, n], X: [n, m]}\nforward: {Z: W @ X}\nupstream: Z\n"
    path.write_text(text + "gradients: {dW: dZ @ X}", encoding="utf-8")
    _, shown = run("check", "--diff", str(path))
    assert shown.count("\\ No newline at end of file\n") == 2
    assert run("check", "--fix", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == text + "gradients: {dW: dZ @ X.T}"


def test_fix_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    assert run("check", "--fix", str(pipe))[0] == 2


@pytest.mark.parametrize("command", ["verify", "fix"])
def test_failure_of_ours_is_no_traceback(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division\nby zero")

    monkeypatch.setattr(api, "check", fail)
    path = tmp_path / "spec.yaml"
    path.write_text("forward: {J: X}\n", encoding="utf-8")
    claim = ("verify", "dW2 = dZ2 @ A1.T", *LAYER)
    code, page = run(*(claim if command == "verify" else ("check", "--fix", str(path))))
    assert code in (1, 2)
    assert "SC902" in page


def test_program_reads_and_prints_any_name_in_an_ascii_locale() -> None:
    given = ["--forward", "Z = Wé @ X", "--shape", "Wé=k,h", "--shape", "X=h,m"]
    command = [sys.executable, "-m", "shapecalc", "verify", "dWé = dZ @ X", *given]
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment = {**os.environ, **plain}
    done = subprocess.run(command, capture_output=True, check=False, cwd=ROOT, env=environment)
    assert (done.returncode, done.stderr) == (1, b"")
    assert b"SC402" in done.stdout


def test_claims_that_are_no_text_are_refused() -> None:
    result = runner.invoke(cli.app, ["verify", *LAYER], input=b"dW2 = \xff\n")
    assert result.exit_code == 2
    assert "is not UTF-8" in result.stderr


def test_fix_takes_no_stream() -> None:
    assert run("check", "--fix", "-", stdin="forward: {J: X}\n")[0] == 2
