"""Lists of layers: they check as the same network written out, and mistakes point at their lines.

What a list means is said once more below, in autograd, by a loop that knows nothing of equations.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from checking import json_of, judged, report_on
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

import shapecalc.ops
from shapecalc import api
from shapecalc.cli import app
from shapecalc.diagnostics import Finding
from shapecalc.records import Report
from shapecalc.spec import read_network
from shapecalc.spec.layers.kinds import KINDS, functions

DIMS = "dims: {n: 784, h: 128, k: 10, m: 64}\n"
MLP = (
    DIMS
    + """\
layers:
  - input: {name: X, features: n}
  - dense: {units: h, activation: relu}
  - dense: {units: k}
  - softmax_cross_entropy: {targets: Y}
"""
)
WRITTEN = {
    "columns": """\
inputs: {X: [n, m], Y: [k, m]}
params: {W1: [h, n], b1: [h, 1], W2: [k, h], b2: [k, 1]}
forward: |
  Z1 = W1 @ X + b1
  A1 = relu(Z1)
  Z2 = W2 @ A1 + b2
  J = softmax_cross_entropy(Z2, Y, axis=0)
""",
    "rows": """\
inputs: {X: [m, n], Y: [m, k]}
params: {W1: [n, h], b1: [h], W2: [h, k], b2: [k]}
forward: |
  Z1 = X @ W1 + b1
  A1 = relu(Z1)
  Z2 = A1 @ W2 + b2
  J = softmax_cross_entropy(Z2, Y, axis=1)
""",
    "torch": """\
inputs: {X: [m, n], Y: [m, k]}
params: {W1: [h, n], b1: [h], W2: [k, h], b2: [k]}
forward: |
  Z1 = X @ W1.T + b1
  A1 = relu(Z1)
  Z2 = A1 @ W2.T + b2
  J = softmax_cross_entropy(Z2, Y, axis=1)
""",
}


def layers(*items: str, head: str = DIMS) -> str:
    """Write a spec with an input, some layers on the lines from 4 on, and a loss."""
    return "\n".join(
        [
            head + "layers:",
            "  - input: {name: X, features: n}",
            *(f"  - {item}" for item in items),
            "  - dense: {units: k}",
            "  - softmax_cross_entropy: {targets: Y}",
            "",
        ]
    )


def equations(text: str) -> list[str]:
    network, findings = read_network(text, "a.yaml")
    assert network is not None
    assert findings == ()
    return [f"{equation.name} = {equation.text}" for equation in network.forward]


def shapes(text: str) -> dict[str, tuple[str, ...]]:
    return {value.name: value.shape for value in report_on(text).values}


def only(text: str) -> Finding:
    (finding,) = report_on(text).findings
    return finding


def place(finding: Finding) -> tuple[str, int, int]:
    return finding.code, finding.span.line, finding.span.column


def told(report: Report) -> tuple[object, ...]:
    """Return all that a report says, but for lines."""
    values = sorted(value._replace(line=0) for value in report.values)
    steps = [step._replace(line=0) for step in report.steps]
    return report.dims, report.batch, report.loss, values, steps, report.gradients


# --- what layers stand for ----------------------------------------------------------------------


@pytest.mark.parametrize("convention", list(WRITTEN))
def test_layers_check_as_the_network_written_out(convention: str) -> None:
    made = report_on(MLP + f"convention: {convention}\n")
    written = report_on(DIMS + "batch: m\n" + WRITTEN[convention])
    assert made.ok
    assert made.findings == ()
    assert told(made) == told(written)


def test_columns_are_the_convention_unless_told_otherwise() -> None:
    assert told(report_on(MLP)) == told(report_on(MLP + "convention: columns\n"))


def test_claims_shapes_and_assumptions_are_about_the_names_that_layers_make() -> None:
    more = "shapes: {A1: [h, m]}\nassume: {Y: one-hot axis=0}\nloss: J\n"
    claims = judged(MLP + more, dZ2="(softmax(Z2, axis=0) - Y) / m", dW2="dZ2 @ A1", db1="sum(dZ1)")
    assert [claim.verdict for claim in claims.values()] == ["right", "wrong", "wrong"]
    assert claims["dW2"].right == "dZ2 @ A1.T"


def test_a_claim_of_a_shape_that_layers_do_not_make_is_refused() -> None:
    finding = only(MLP + "shapes: {A1: [m, h]}\n")
    assert place(finding) == ("SC305", 7, 14)


def test_upstream_may_be_a_value_that_layers_make() -> None:
    text = DIMS + "layers:\n  - input: {features: n}\n  - dense: k\nupstream: {Z1: G}\n"
    gradients = {each.wrt: each.formula.text for each in report_on(text).gradients}
    assert gradients["W1"] == "G @ X.T"


def test_equations_may_follow_layers() -> None:
    text = DIMS + "layers: [{input: {features: n}}, {dense: {units: k, activation: tanh}}]\n"
    text += "forward:\n  J: mean(A1**2)\n"
    assert equations(text) == ["Z1 = W1 @ X + b1", "A1 = tanh(Z1)", "J = mean(A1**2)"]
    assert report_on(text).loss == "J"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (["dense: h", "relu"], ["Z1 = W1 @ X + b1", "A1 = relu(Z1)"]),
        (["dense: h", "activation: relu"], ["Z1 = W1 @ X + b1", "A1 = relu(Z1)"]),
        (["dense: {units: h, bias: false}"], ["Z1 = W1 @ X"]),
        (["dense: {units: h, bias: true}"], ["Z1 = W1 @ X + b1"]),
        (["leaky_relu: {slope: 0.2}"], ["A1 = leaky_relu(X, slope=0.2)"]),
        (["softmax"], ["A1 = softmax(X, axis=0)"]),
        (["dropout"], ["D1 = dropout(X, M1)"]),
        (["dropout: 0.3"], ["D1 = dropout(X, M1, p=0.3)"]),
        (["dropout: {mask: Q, p: 0.3}"], ["D1 = dropout(X, Q, p=0.3)"]),
        (["layer_norm"], ["N1 = layer_norm(X, gamma1, beta1, axis=0)"]),
        (["layer_norm: {eps: 1e-3}"], ["N1 = layer_norm(X, gamma1, beta1, axis=0, eps=1e-3)"]),
        (["batch_norm:"], ["N1 = batch_norm(X, gamma1, beta1, axis=1)"]),
        (["rms_norm"], ["N1 = rms_norm(X, gamma1, axis=0)"]),
        (["repeat: {times: 2, layers: [relu]}"], ["A1 = relu(X)", "A2 = relu(A1)"]),
        (
            ["repeat: {times: 2, layers: [{repeat: {times: 2, layers: [tanh]}}]}"],
            ["A1 = tanh(X)", "A2 = tanh(A1)", "A3 = tanh(A2)", "A4 = tanh(A3)"],
        ),
    ],
)
def test_each_kind_of_layer_stands_for_its_equations(items: list[str], expected: list[str]) -> None:
    assert equations(layers(*items))[: len(expected)] == expected


def test_norms_run_along_the_same_axis_of_the_examples_in_rows() -> None:
    text = layers("layer_norm", "batch_norm", "softmax") + "convention: rows\n"
    assert equations(text)[:3] == [
        "N1 = layer_norm(X, gamma1, beta1, axis=1)",
        "N2 = batch_norm(N1, gamma2, beta2, axis=0)",
        "A2 = softmax(N2, axis=1)",
    ]
    assert shapes(text)["gamma1"] == ("n",)


def test_names_follow_the_dense_layers_whatever_stands_between() -> None:
    items = ("dense: h", "batch_norm", "relu", "dropout", "layer_norm", "dense: h", "relu")
    names = [each.partition(" =")[0] for each in equations(layers(*items))]
    assert names == ["Z1", "N1", "A1", "D1", "N2", "Z2", "A2", "Z3", "J"]


def test_a_number_that_the_author_has_is_passed_over() -> None:
    text = layers("dense: h", "relu") + "params: {W1: [k, h]}\nconstants: {J: 2}\n"
    names = [each.partition(" =")[0] for each in equations(text)]
    assert names == ["Z2", "A2", "Z3", "J2"]


def test_inputs_that_the_author_has_are_taken() -> None:
    text = "inputs: {Y: [k, m], X: [n, m]}\n" + layers("dense: h")
    assert [value.name for value in report_on(text).values if value.kind == "input"] == ["Y", "X"]


def test_examples_are_counted_by_m_or_by_what_batch_says() -> None:
    assert report_on(layers()).batch == "m"
    head = "dims: {n: 3, h: 5, k: 7, B: 11}\nbatch: B\n"
    report = report_on(layers("dense: h", "tanh", head=head))
    assert (report.batch, shapes(layers(head=head))["X"]) == ("B", ("n", "B"))


def test_examples_without_a_dim_have_one_without_a_size() -> None:
    report = report_on(layers(head="dims: {n: 784, h: 128, k: 10}\n"))
    assert dict(report.dims)["m"] is None
    assert shapes(layers(head="dims: {n: 784, h: 128, k: 10}\n"))["Y"] == ("k", "m")


def test_a_width_that_is_also_the_number_of_examples_is_refused() -> None:
    finding = only(layers("dense: m", "relu"))
    assert place(finding) == ("SC208", 4, 12)
    assert finding.help == "name the dim of the examples, `batch: B`"
    stated = report_on(layers("dense: m", "relu") + "batch: m\n")
    assert "SC208" not in [each.code for each in stated.findings]


def test_widths_may_be_numbers_sums_and_products_of_dims() -> None:
    made = shapes(layers("dense: 2*h", "relu", "dense: h+n", "relu"))
    assert (made["W1"], made["W2"]) == (("2*h", "n"), ("h+n", "2*h"))
    text = "layers: [{input: {features: 784}}, {dense: 128}, relu, {dense: 10}, {mse: Y}]\n"
    assert shapes(text)["W2"] == ("k", "h")
    assert [each for each in report_on(text).findings if each.code != "SC502"] == []


def test_a_width_that_is_left_open_is_found() -> None:
    text = DIMS + "inputs: {Y: [k, m]}\nlayers: [{input: {features: n}}, {dense: _}, {mse: Y}]\n"
    assert shapes(text)["W1"] == ("k", "n")


@pytest.mark.parametrize("loss", ["mse", "binary_cross_entropy_with_logits"])
def test_other_losses_take_targets_of_the_same_shape(loss: str) -> None:
    text = layers().replace("softmax_cross_entropy", loss)
    assert equations(text)[-1] == f"J = {loss}(Z1, Y)"
    assert shapes(text)["Y"] == ("k", "m")


# --- written out --------------------------------------------------------------------------------


WRITTEN_OUT = [
    MLP,
    MLP + "convention: torch\ngradients: {dW2: dZ2.T @ A1}\nlayout: numerator\n",
    layers("dense: 2*h", "dropout: 0.1", "batch_norm: {eps: 1e-3}", "leaky_relu: {slope: 0.2}"),
    layers(head="dims: {n: 784, h: 128, k: 10}\nconstants: {a: 1.0e-5, b: 250, c: -0.25, d: _}\n"),
    "layers: [{input: {features: 784}}, {dense: 128}, relu, {dense: 10}, {mse: Y}]\n",
    'name: "a \\"quoted\\" title: # of \\u2028 layers"\n' + layers(),
    DIMS + "layers: [{input: X}, {dense: k}]\ninputs: {X: [784, m]}\nupstream: {Z1: G}\n",
    MLP + "assume: {X: [positive, unit-interval], Y: one-hot axis=0}\nshapes: {A1: [h, _]}\n",
]


@pytest.mark.parametrize("text", WRITTEN_OUT)
def test_a_spec_written_out_checks_the_same_and_is_written_out_as_itself(text: str) -> None:
    written = api.equations(text, "spec.yaml")
    assert "layers" not in written.partition("\n")[2]
    before, after = report_on(text), report_on(written)
    assert told(before) == told(after)
    assert before.name == after.name
    assert api.equations(written, "spec.yaml") == written


def test_nothing_is_written_out_where_a_layer_has_a_mistake() -> None:
    assert api.equations(layers("dens: h"), "a.yaml") == ""


def checked(tmp_path: Path, text: str, *arguments: str) -> tuple[int, str, str]:
    """Run `check` on a file."""
    path = tmp_path / "a.yaml"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["check", str(path), *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_check_equations_prints_the_spec_written_out(tmp_path: Path) -> None:
    code, out, err = checked(tmp_path, MLP, "--equations")
    assert (code, out, err) == (0, api.equations(MLP, str(tmp_path / "a.yaml")), "")


def test_check_equations_counts_the_errors_beside_what_it_prints(tmp_path: Path) -> None:
    text = MLP + "gradients: {dW2: dZ2 @ A1}\n"
    code, out, err = checked(tmp_path, text, "--equations")
    assert (code, out) == (1, api.equations(text, str(tmp_path / "a.yaml")))
    assert err == "1 spec, 1 error\n"


def test_check_equations_prints_the_findings_where_a_layer_has_a_mistake(tmp_path: Path) -> None:
    code, out, _ = checked(tmp_path, layers("dens: h"), "--equations")
    assert code == 1
    assert "SC203" in out
    assert "forward: |" not in out


@pytest.mark.parametrize("other", [["--wrt", "W1"], ["--output-format", "json"], ["."]])
def test_check_equations_is_a_view_of_its_own(tmp_path: Path, other: list[str]) -> None:
    assert checked(tmp_path, MLP, "--equations", *other)[0] == 2


# --- mistakes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "code", "column", "message", "help"),
    [
        ("dense", "SC204", 5, "`dense` has no `units`", "`dense: {units: h}`"),
        ("dense: {unit: h}", "SC203", 13, "`unit` is no option of `dense`", "`units`?"),
        ("dense: {units:h}", "SC204", 13, "read as one key", "`units: h`"),
        ("dense: {units: }", "SC204", 20, "`units` is empty, a dim", "`units: h`"),
        ("dense: {units: [h]}", "SC204", 20, "`units` is a list, a dim", "`units: h`"),
        ("dense: {units: hh}", "SC205", 20, "`hh` is not defined", "nearest is `h`"),
        ("dense: {units: 0}", "SC308", 20, "a size is `0`", "at least 1"),
        ("dense: 2.5", "SC204", 12, "this is no dim", "a positive integer"),
        ("dense: [h]", "SC204", 12, "options are expected", "`dense: {units: h}`"),
        ("dense: {units: h, bias: yes}", "SC204", 29, "`bias` is `yes`", "`bias: false`"),
        ("dense: {units: h, activation: tahn}", "SC209", 35, "`tahn` is no function", "`tanh`?"),
        ("dense: {units: h, activation: nn.ReLU()}", "SC209", 35, "is no function", "`relu`?"),
        ("dens: h", "SC203", 5, "`dens` is no kind of layer", "`dense`?"),
        ("nn.Linear: h", "SC203", 5, "`nn.Linear` is no kind of layer", "`dense`?"),
        ("xyzzy", "SC203", 5, "`xyzzy` is no kind of layer", "the kinds are input, dense,"),
        ("rellu", "SC203", 5, "`rellu` is no kind of layer", "`relu`?"),
        ("dense(128)", "SC204", 5, "is a call, a layer is expected", "`dense: 128`"),
        ("nn.Linear(784, 128)", "SC204", 5, "is a call", "`dense: {units: h}`"),
        ("nn.ReLU()", "SC204", 5, "is a call", "`relu`"),
        ("type: dense\n    units: h", "SC204", 5, "here are `type` and `units`", "as the key"),
        ("dense:\n    units: h", "SC204", 5, "here are `dense` and `units`", "{units: h}`"),
        ("[dense, h]", "SC204", 5, "a list stands where a layer", "`- dense: {units: h"),
        ("", "SC204", 4, "an item of the list is empty", "`- dense: {units: h"),
        ("relu: {slope: 0.1}", "SC203", 12, "`slope` is no option of `relu`", "`relu` alone"),
        ("relu: 0.1", "SC204", 11, "`relu` is `0.1`, options are", "write `relu`"),
        ("layer_norm: {axis: 0}", "SC203", 18, "no option of `layer_norm`", "options are eps"),
        ("dropout: 1.5", "SC204", 14, "`p` is `1.5`, a number of at least 0", "`p: 0.5`"),
        ("dropout: {p: a + b}", "SC204", 18, "`p` is `a + b`, a number", "`p: 0.5`"),
        ("dropout: {mask: 1M}", "SC204", 21, "`1M` is no name", "begin with a letter"),
        ("input: X2", "SC204", 5, "an `input` stands behind other layers", "put it first"),
        (
            "mse: {targets: Y, reduction: none}",
            "SC204",
            34,
            "`reduction` is `none`",
            "`reduction: ",
        ),
        ("mse: Y", "SC204", 5, "layers come after `mse`", "put it last"),
        ("repeat: {times: 3}", "SC204", 5, "`repeat` has no `layers`", "`repeat: {times: 3,"),
        ("repeat: {times: 3, layers: []}", "SC204", 32, "`layers` is empty", "one layer a line"),
        ("repeat: {times: 3, layers: relu}", "SC204", 32, "`layers` is `relu`", "one layer a line"),
        ("repeat: {times: 3, layers: [input]}", "SC204", 33, "an `input` stands", "put it first"),
        ("repeat: {times: 0, layers: [relu]}", "SC204", 21, "`times` is `0`", "`times: 3`"),
        ("repeat: {times: -1, layers: [relu]}", "SC204", 21, "`times` is `-1`", "`times: 3`"),
        ("repeat: {times: h, layers: [relu]}", "SC204", 21, "`times` is `h`", "`times: 3`"),
    ],
)
def test_a_mistake_points_at_its_layer_and_says_what_to_write(
    item: str, code: str, column: int, message: str, help: str
) -> None:
    finding = only(layers(item))
    line = 5 if "\n" in item else 4
    assert place(finding) == (code, line, column)
    assert message in finding.message
    assert help in finding.help


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("layers:\n", "empty"),
        ("layers: []\n", "empty"),
        ("layers: relu\n", "`relu`"),
        ("layers: {dense: h}\n", "a mapping"),
    ],
)
def test_layers_that_are_no_list_are_refused(text: str, what: str) -> None:
    finding = only(text)
    assert finding.message == f"`layers` is {what}, a list of layers is expected"
    assert (finding.code, finding.span.line) == ("SC204", 1)


def test_a_list_under_another_key_is_taken_for_layers() -> None:
    finding = only(layers().replace("layers:", "model:"))
    assert (finding.code, finding.help) == ("SC203", "did you mean `layers`?")


def test_a_list_begins_with_an_input() -> None:
    finding = only(DIMS + "layers:\n  - dense: {units: h}\n")
    assert place(finding) == ("SC204", 3, 5)
    assert finding.help == "write `- input: {name: X, features: n}` above it"


@pytest.mark.parametrize("times", ["1000000000000000000", "10001", "9" * 5_000])
def test_a_number_of_times_has_a_limit(times: str) -> None:
    finding = only(layers(f"repeat: {{times: {times}, layers: [relu]}}"))
    assert place(finding) == ("SC901", 4, 21)


def test_nested_repeats_are_counted_before_they_are_written_out() -> None:
    inner = "{repeat: {times: 9999, layers: [relu]}}"
    for _ in range(8):
        inner = f"{{repeat: {{times: 9999, layers: [{inner}]}}}}"
    finding = only(layers(f"repeat: {{times: 9999, layers: [{inner}]}}"))
    assert place(finding) == ("SC901", 4, 5)


def test_every_layer_with_a_mistake_is_named_and_what_depends_on_them_is_no_news() -> None:
    text = layers("dens: h", "relu", "dense: {units: h, activation: tahn}")
    text += "shapes: {A2: [h, m]}\ngradients: {dW2: dZ2 @ A1.T}\nloss: J\n"
    assert [(each.code, each.span.line) for each in report_on(text).findings] == [
        ("SC203", 4),
        ("SC209", 6),
    ]


def test_names_that_no_layer_makes_are_undefined_as_ever() -> None:
    finding = only(layers() + "loss: K\n")
    assert (finding.code, finding.message) == ("SC205", "`K` is not defined")


@pytest.mark.parametrize(
    ("inputs", "convention", "help"),
    [
        ("{X: [m, n]}", "columns", "declare `X: [n, m]`, or write `convention: rows`, for"),
        ("{X: [n, m]}", "rows", "declare `X: [m, n]`, or write `convention: columns`, for"),
        ("{X: [h, m]}", "columns", "declare `X: [n, m]`"),
    ],
)
def test_an_input_of_another_shape_is_held_against_its_layer(
    inputs: str, convention: str, help: str
) -> None:
    finding = only(f"inputs: {inputs}\nconvention: {convention}\n" + layers())
    assert (finding.code, finding.span.line) == ("SC305", 5)
    assert finding.help.startswith(help)
    assert finding.related[0].span.line == 1


def test_an_input_that_nobody_describes_is_refused() -> None:
    finding = only("layers:\n  - input: X\n  - dense: {units: h}\n")
    assert place(finding) == ("SC205", 2, 12)
    assert finding.help == "write `input: {name: X, features: n}`"


def test_a_list_without_a_loss_may_name_its_upstream() -> None:
    finding = only("layers:\n  - input: {features: n}\n  - dense: {units: h}\n")
    assert (finding.code, finding.help) == ("SC211", "write `upstream: Z1`")


def test_an_input_that_is_no_matrix_is_refused() -> None:
    finding = only("inputs: {X: [m, n, h]}\n" + layers())
    assert (finding.code, finding.span.line) == ("SC303", 4)


def test_an_equation_that_does_not_fit_is_named_and_the_help_is_about_what_is_written() -> None:
    finding = only("inputs: {Y: [m, k]}\n" + layers("dense: h", "relu"))
    assert place(finding) == ("SC302", 8, 5)
    assert ("layer", "it stands for `J = softmax_cross_entropy(Z2, Y, axis=0)`") in finding.notes
    assert finding.help == "declare `Y: [k, m]`"


def test_help_that_only_an_equation_could_follow_names_the_way_to_see_it() -> None:
    finding = only(layers("dense: h", "relu").replace("units: k", "units: k, activation: softmax"))
    assert place(finding) == ("SC603", 7, 5)
    assert "`check --equations`" in finding.help


def test_copies_of_a_layer_speak_once() -> None:
    text = layers("dense: h", "repeat: {times: 5, layers: [tanh, {dense: h}]}")
    finding = only(text)
    assert place(finding) == ("SC502", 5, 47)
    assert finding.notes == (("layer", "it stands for `Z2 = W2 @ A1 + b2`; 4 more are alike"),)
    assert finding.help == "compare numbers, not shapes"


def test_a_comment_at_a_layer_silences_all_its_copies() -> None:
    item = "repeat: {times: 5, layers: [tanh, {dense: h}]}  # shapecalc: ignore[SC502] square"
    report = report_on(layers("dense: h", item))
    assert report.findings == ()


def test_a_convention_without_layers_is_idle() -> None:
    text = "params: {w: [n]}\nforward: {J: sum(w)}\nconvention: rows\n"
    assert place(only(text)) == ("SC601", 3, 13)


def test_the_table_has_an_example_of_each_kind_that_is_read() -> None:
    for kind in KINDS.values():
        is_loss = kind.option("targets") is not None
        items = [] if kind.name == "input" else [kind.example]
        text = layers(*items) if not is_loss else layers()[: layers().rindex("  -")]
        text += f"  - {kind.example}\n" if is_loss else ""
        _, findings = read_network(text, "a.yaml")
        assert findings == (), kind.name


@pytest.mark.parametrize("name", list(functions()))
def test_every_function_is_a_layer_and_an_activation(name: str) -> None:
    for items in ([f"dense: {{units: h, activation: {name}}}"], ["dense: h", name]):
        assert [each for each in equations(layers(*items)) if each.startswith(f"A1 = {name}(Z1")]


# --- against autograd ---------------------------------------------------------------------------

ACTIVATIONS = {
    "tanh": anp.tanh,
    "sigmoid": lambda Z: 1 / (1 + anp.exp(-Z)),
    "softplus": lambda Z: anp.log(1 + anp.exp(Z)),
    "relu": lambda Z: anp.where(Z > 0, Z, 0.0),
}


def written(items: list[tuple[str, Any]], indent: str = "  ") -> Iterator[str]:
    """Write drawn layers as lines of a spec."""
    for kind, option in items:
        match kind:
            case "dense":
                yield f"{indent}- dense: {{units: {option[0]}, bias: {option[1]}}}"
            case "repeat":
                yield f"{indent}- repeat:"
                yield f"{indent}    times: {option[0]}"
                yield f"{indent}    layers:"
                yield from written(option[1], indent + "      ")
            case "dropout":
                yield f"{indent}- dropout: {option}"
            case _:
                yield f"{indent}- {kind}"


def flat(items: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for kind, option in items:
        if kind == "repeat":
            for _ in range(option[0]):
                yield from flat(option[1])
        else:
            yield kind, option


def loss(
    items: list[tuple[str, Any]], convention: str, given: dict[str, Any], params: list[Any]
) -> Any:
    """Run layers one by one; each takes its params from the front of the list."""
    A, waiting, masks = given["X"], list(params), [given[n] for n in given if n[0] == "M"]
    features = 0 if convention == "columns" else 1
    for kind, option in flat(items):
        if kind == "dense":
            W = waiting.pop(0)
            A = W @ A if convention == "columns" else A @ (W.T if convention == "torch" else W)
            A = A + waiting.pop(0) if option[1] == "true" else A
        elif kind == "dropout":
            A = A * masks.pop(0) / (1 - option)
        elif kind == "rms_norm":
            A = A / anp.sqrt(anp.mean(A**2, axis=features, keepdims=True) + 1e-5) * waiting.pop(0)
        elif kind in ("layer_norm", "batch_norm"):
            axis = features if kind == "layer_norm" else 1 - features
            centred = A - anp.mean(A, axis=axis, keepdims=True)
            A = centred / anp.sqrt(anp.mean(centred**2, axis=axis, keepdims=True) + 1e-5)
            A = A * waiting.pop(0) + waiting.pop(0)
        else:
            A = ACTIVATIONS[kind](A)
    scores = anp.exp(A)
    shares = scores / anp.sum(scores, axis=features, keepdims=True)
    assert not waiting
    return -anp.sum(given["Y"] * anp.log(shares)) / given["Y"].shape[1 - features]


PLAIN = (*ACTIVATIONS, "layer_norm", "batch_norm", "rms_norm")
plain = st.tuples(st.sampled_from(PLAIN), st.none())
dense = st.tuples(
    st.just("dense"), st.tuples(st.sampled_from("hqr"), st.sampled_from(["true", "false"]))
)
dropout = st.tuples(st.just("dropout"), st.sampled_from([0.25, 0.5]))
simple = st.lists(plain | dense | dropout, min_size=1, max_size=3)
repeat = st.tuples(st.just("repeat"), st.tuples(st.integers(1, 2), simple))
lists = st.lists(plain | dense | dropout | repeat, max_size=4)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lists, st.sampled_from(list(WRITTEN)), st.integers(0, 2**32 - 1))
def test_gradients_of_random_lists_are_those_of_autograd(
    items: list[tuple[str, Any]], convention: str, seed: int
) -> None:
    items = [*items, ("dense", ("k", "true"))]
    text = "\n".join(
        [
            f"dims: {{n: 3, h: 5, q: 2, r: 11, k: 7, m: 13}}\nconvention: {convention}",
            "layers:\n  - input: {features: n}",
            *written(items),
            "  - softmax_cross_entropy: Y\n",
        ]
    )
    data = json_of(report_on(text))
    random = np.random.default_rng(seed)
    values = {
        value["name"]: random.uniform(-0.5, 0.5, value["size"])
        for value in data["values"]
        if value["kind"] != "value"
    }
    values["Y"] = np.abs(values["Y"])
    values["Y"] /= values["Y"].sum(axis=0 if convention == "columns" else 1, keepdims=True)
    names = [value["name"] for value in data["values"] if value["kind"] == "param"]
    params = [values[name] for name in names]
    truth = grad(lambda each: loss(items, convention, values, each))(params)
    known = {"np": np, **{op: getattr(shapecalc.ops, op) for op in shapecalc.ops.OPS}}
    known |= values | data["dims"]
    for value in data["values"]:
        if value["equation"]:
            known[value["name"]] = eval(value["equation"], {}, known)
    assert np.isclose(known["J"], loss(items, convention, values, params))
    for gradient in data["gradients"]:
        known["d" + gradient["wrt"]] = eval(gradient["formula"]["numpy"], {}, known)
    for name, true in zip(names, truth, strict=True):
        assert known[f"d{name}"].shape == true.shape
        assert np.allclose(known[f"d{name}"], true, rtol=1e-6, atol=1e-9), name
