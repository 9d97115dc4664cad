"""Golden terminal output of the sample reports, at width 80 without colour; prose for review."""

import pytest
import sample_report

from shapecalc.records import Report, Step
from shapecalc.render import terminal
from shapecalc.render.output import Look
from shapecalc.render.tally import tally

TWO_LAYER = """\
Two-layer classifier  specs/two_layer.yaml
n = 784   h = 128   k = 10   m = 64, the examples

FORWARD
  X                                  (n, m)   784 × 64  input
  Y                                  (k, m)    10 × 64  input, sum over k is 1
  W1                                 (h, n)  128 × 784  param
  b1                                 (h, 1)    128 × 1  param
  W2                                 (k, h)   10 × 128  param
  b2                                 (k, 1)     10 × 1  param
  Z1 = W1 @ X + b1                   (h, m)   128 × 64  b1 repeated along m
  A1 = relu(Z1)                      (h, m)   128 × 64
  Z2 = W2 @ A1 + b2                  (k, m)    10 × 64  b2 repeated along m
  A2 = softmax(Z2, axis=0)           (k, m)    10 × 64  over k, for each example
  J  = cross_entropy(A2, Y, axis=0)  ()              1  mean over m

BACKWARD  dV is ∂J/∂V in the shape of V (denominator layout)
  dA2 = -Y / (m * A2)                    (k, m)
  dZ2 = (A2 - Y) / m                     (k, m)  softmax with cross_entropy
  dW2 = dZ2 @ A1.T                       (k, h)  param
  db2 = sum(dZ2, axis=1, keepdims=True)  (k, 1)  param
  dA1 = W2.T @ dZ2                       (h, m)
  dZ1 = dA1 * (Z1 > 0)                   (h, m)  at Z1 = 0: 0 by convention
  dW1 = dZ1 @ X.T                        (h, n)  param
  db1 = sum(dZ1, axis=1, keepdims=True)  (h, 1)  param

STEPS  why each product has this order; one step of each kind is opened
  J:A2   (k, m)                          elementwise
  A2:Z2  (k, m, k, m)  diagonal in m     a k × k block for each example

  Z2:W2  (k, m, k, h)  diagonal in k     effective: A1 (h, m)
         denominator  dZ2 @ A1.T  (k, m) @ (m, h) → (k, h)  ✓ shape of W2
         numerator    A1 @ dZ2.T  (h, m) @ (m, k) → (h, k)  ✓ its transpose
         mixed        dZ2 @ A1    (k, m) @ (h, m)           ✗ m ≠ h
         orderings    8 arrangements: 2 conform, one for each layout; 6 do not

  Z2:A1  (k, m, h, m)  diagonal in m     effective: W2 (k, h)
         denominator  W2.T @ dZ2  (h, k) @ (k, m) → (h, m)  ✓ shape of A1
         numerator    dZ2.T @ W2  (m, k) @ (k, h) → (m, h)  ✓ its transpose
         mixed        dZ2 @ W2    (k, m) @ (k, h)           ✗ m ≠ k
         orderings    8 arrangements: 2 conform, one for each layout; 6 do not

  Z2:b2  (k, m, k, 1)  diagonal in k     b2 was repeated along m, so sum over m
  A1:Z1  (h, m, h, m)  diagonal in h, m  each entry by itself: so *, not @
  Z1:W1  (h, m, h, n)  diagonal in h     as Z2:W2:  (h, m) @ (m, n) → (h, n)
  Z1:b1  (h, m, h, 1)  diagonal in h     as Z2:b2:  sum over m

CLAIMS   4 right: dZ2, dW2, db2, dA1
ASSUMED  each column of Y sums to 1 over k (cross_entropy implies it)
CHECKED  algebra, for all sizes · exact, error < 2⁻¹⁶⁰ · by components, 3e-10

✓ specs/two_layer.yaml: 8 steps, nothing wrong, no sizes that coincide
"""

STEP = """\
STEP Z2:A1  specs/two_layer.yaml  line 18  Z2 = W2 @ A1 + b2

  upstream   dZ2                                               (k, m)
  Jacobian   ∂Z2[i,j]/∂A1[p,q] = W2[i,p] δ[j,q]                (k, m, h, m)
  diagonal   j = q: example j of Z2 sees example j of A1 only  in m
  effective  W2                                                (k, h)
  entries    5,242,880 in full; 81,920 where j = q; 1,280 in W2

CONTRACT
  dA1[p,q] = Σij dZ2[i,j] W2[i,p] δ[j,q]  the chain rule, entry by entry
           = Σi  dZ2[i,q] W2[i,p]         δ puts q for j
           = Σi  W2[i,p] dZ2[i,q]         numbers commute; matrices do not

WALK
  p ◀──── W2 ──── i ──── dZ2 ────▶ q        an arrow runs from row to column
  p to q:  W2 against its arrow, dZ2 along it      W2.T @ dZ2     (h, m)
  q to p:  dZ2 against its arrow, W2 along it      dZ2.T @ W2     (m, h)

LAYOUTS
  denominator  W2.T @ dZ2          (h, k) @ (k, m) → (h, m)  ✓ shape of A1
  numerator    dZ2.T @ W2          (m, k) @ (k, h) → (m, h)  ✓ its transpose
  mixed        dZ2 @ W2            (k, m) @ (k, h)           ✗ m (64) ≠ k (10)
  vec          (I ⊗ W2)ᵀ vec(dZ2)  (hm, km) @ (km, 1)        ✓ is vec(dA1)

ORDERINGS  2 factors, 2! · 2² = 8 arrangements
  W2.T @ dZ2 (h, k)(k, m) ✓ right, denominator dZ2 @ W2     (k, m)(k, h) ✗ m ≠ k
  dZ2.T @ W2 (m, k)(k, h) ✓ right, numerator   dZ2 @ W2.T   (k, m)(h, k) ✗ m ≠ h
  W2 @ dZ2   (k, h)(k, m) ✗ h ≠ k              dZ2.T @ W2.T (m, k)(h, k) ✗ k ≠ h
  W2 @ dZ2.T (k, h)(m, k) ✗ h ≠ m              W2.T @ dZ2.T (h, k)(m, k) ✗ k ≠ m
  if h = k = m, all 8 conform, and 6 of them give wrong numbers

RESULT   dA1 = W2.T @ dZ2   (h, m)   128 × 64
CHECKED  algebra, for all sizes · exact, error < 2⁻¹⁸⁰ · by components, 3e-10
"""

INNER_DIMS = """\
error[SC301] inner-dims-differ: `W1 @ X` does not conform, h ≠ n
  --> specs/bad/inner_dims.yaml:16:7
   |
 7 |   X: [n, m]
   |       - X has n = 784 rows
10 |   W1: [h, n]
   |           - W1 has h = 128 columns
   |
16 |   Z1: W1 @ X + b1
   |       ^^^^^^ (n, h) @ (n, m): h is 128, n is 784
   |
   = fits: `W1.T @ X`, (h, n) @ (n, m) → (h, m); then b1 (h, 1) fits too
   = help: write `W1.T @ X`, or declare `W1: [h, n]`
   = more: shapecalc rule SC301

  A1, Z2, A2 and J depend on Z1 and were not checked

✗ specs/bad/inner_dims.yaml: 1 error
"""

COINCIDING_END = """\
  Z2:A1  (k, m, h, m)  diagonal in m     effective: W2 (k, h)
         denominator  W2.T @ dZ2  (h, k) @ (k, m) → (h, m)  ✓ right
         numerator    dZ2.T @ W2  (m, k) @ (k, h) → (m, h)  ✓ its transpose
         mixed        dZ2 @ W2    (k, m) @ (k, h)           ! fits: m = k = 64
         orderings    8 arrangements: 2 right, 6 fit only at these sizes: wrong

  Z2:b2  (k, m, k, 1)  diagonal in k     b2 was repeated along m, so sum over m
  A1:Z1  (h, m, h, m)  diagonal in h, m  each entry by itself: so *, not @
  Z1:W1  (h, m, h, n)  diagonal in h     as Z2:W2:  (h, m) @ (m, n) → (h, n)
  Z1:b1  (h, m, h, 1)  diagonal in h     as Z2:b2:  sum over m

CLAIMS   4 right: dZ2, dW2, db2, dA1
ASSUMED  each column of Y sums to 1 over k (cross_entropy implies it)
CHECKED  algebra, for all sizes · exact, error < 2⁻¹⁶⁰ · by components, 3e-10

specs/two_layer_square.yaml:3:16: warning SC501 sizes-coincide
  3 | dims: {n: 784, h: 64, k: 64, m: 64}
    |                ^^^^^  ^^^^^  ^^^^^  all 64
    At these sizes 14 wrong products in 3 steps run without an error, so a shape
    check of this backward pass proves nothing about order or transposes.
    help: test with sizes that differ, for example h = 67, k = 61, m = 71

! specs/two_layer_square.yaml: 8 steps, nothing wrong, 1 warning
"""

DEEP = """\
Deep MLP  specs/mlp_40.yaml
n = 784   h = 512   k = 10   m = 64, the examples

FORWARD  81 equations in 4 kinds; 80 params, 2 inputs (--full lists them)
  Z1 = W1 @ X + b1                   (h, m)
  A1 = relu(Z1)                      (h, m)  and 38 alike, to A39
  Z2 = W2 @ A1 + b2                  (h, m)  and 37 alike, to Z39
  Z40 = W40 @ A39 + b40              (k, m)
  A40 = softmax(Z40, axis=0)         (k, m)
  J = cross_entropy(A40, Y, axis=0)  ()

BACKWARD  dV is ∂J/∂V in the shape of V (denominator layout)
  dZ40 = (A40 - Y) / m                     (k, m)  softmax with cross_entropy
  dW40 = dZ40 @ A39.T                      (k, h)  param
  db40 = sum(dZ40, axis=1, keepdims=True)  (k, 1)  param
  dA39 = W40.T @ dZ40                      (h, m)
  dZ39 = dA39 * (Z39 > 0)                  (h, m)  and 38 alike, to dZ1
  dW39 = dZ39 @ A38.T                      (h, h)  and 37 alike, to dW2
  db39 = sum(dZ39, axis=1, keepdims=True)  (h, 1)  and 38 alike, to db1
  dA38 = W39.T @ dZ39                      (h, m)  and 37 alike, to dA1
  dW1 = dZ1 @ X.T                          (h, n)  param

STEPS  160 in 8 kinds; --step Z20:W20 opens one, --full all
  Z40:W40  dZ40 @ A39.T  8 orderings, 2 conform, one a layout       × 2
  Z40:A39  W40.T @ dZ40  8 orderings, 2 conform, one a layout
  Z39:W39  dZ39 @ A38.T  8 orderings, 4 conform, 2 of them wrong   × 38
  Z39:A38  W39.T @ dZ39  8 orderings, 4 conform, 2 of them wrong   × 38
  Z40:b40  sum over m    b40 was repeated along m                  × 40
  A39:Z39  elementwise   each entry by itself: so *, not @         × 39
  A40:Z40  softmax       a k × k block for each example
  J:A40    elementwise

ASSUMED  each column of Y sums to 1 over k (cross_entropy implies it)
CHECKED  algebra, for all sizes · exact, error < 2⁻¹⁶⁰ · by components, 3e-10

specs/mlp_40.yaml:2:7: warning SC502 square-weight
  2 |   W2: [h, h]
    |       ^^^^^^
    W2 (h, h) hides a transpose at every size
    help: test it by value
    and 37 alike, lines 3 to 39 (--full shows them)

! specs/mlp_40.yaml: 160 steps, nothing wrong, 38 square weights (SC502)
"""

ASCII_WRT = """\
Two-layer classifier  specs/two_layer.yaml
n = 784   h = 128   k = 10   m = 64, the examples

BACKWARD  dV is dJ/dV in the shape of V (denominator layout)
  dA1 = W2.T @ dZ2  (h, m)

STEPS  why dA1 has this form
  Z2:A1  (k, m, h, m)  diagonal in m  effective: W2 (k, h)
         denominator  W2.T @ dZ2  (h, k) @ (k, m) -> (h, m)  ok shape of A1
         numerator    dZ2.T @ W2  (m, k) @ (k, h) -> (m, h)  ok its transpose
         mixed        dZ2 @ W2    (k, m) @ (k, h)            NO m != k
         orderings    8 arrangements: 2 conform, one for each layout; 6 do not

CHECKED  algebra, for all sizes . exact, error < 2^-160 . by components, 3e-10
"""

FOLDER = """\
specs/two_layer_square.yaml:3:16: warning SC501 sizes-coincide
  3 | dims: {n: 784, h: 64, k: 64, m: 64}
    |                ^^^^^  ^^^^^  ^^^^^  all 64
    At these sizes 14 wrong products in 3 steps run without an error, so a shape
    check of this backward pass proves nothing about order or transposes.
    help: test with sizes that differ, for example h = 67, k = 61, m = 71

! 2 specs, 16 steps: nothing wrong, 1 warning; 2 YAML files are no specs
"""


def hidden(report: Report) -> Step:
    return next(step for step in report.steps if (step.output, step.wrt) == ("Z2", "A1"))


def test_two_layer_report_looks_as_screen_1() -> None:
    assert terminal.report_page(sample_report.two_layer(), Look()) == TWO_LAYER


def test_opened_step_looks_as_screen_2() -> None:
    report = sample_report.two_layer()
    assert terminal.one_step_page(report, hidden(report), Look()) == STEP


def test_error_looks_as_screen_3() -> None:
    assert terminal.report_page(sample_report.failing(), Look()) == INNER_DIMS


def test_sizes_that_coincide_look_as_screen_8() -> None:
    page = terminal.report_page(sample_report.coinciding(), Look())
    assert page[page.index("  Z2:A1") :] == COINCIDING_END


def test_forty_layers_look_as_screen_9() -> None:
    assert terminal.report_page(sample_report.deep(), Look()) == DEEP


def test_folder_looks_as_screen_10() -> None:
    reports = [sample_report.two_layer(), sample_report.coinciding()]
    assert terminal.findings_page(reports, Look(), tally(reports, 2)) == FOLDER


def test_one_gradient_in_ascii_looks_as_screen_11() -> None:
    assert terminal.gradient_page(sample_report.two_layer(), "A1", Look(ascii=True)) == ASCII_WRT


@pytest.mark.parametrize("golden", [TWO_LAYER, STEP, INNER_DIMS, COINCIDING_END, DEEP, ASCII_WRT])
def test_no_golden_line_is_longer_than_80_or_cut(golden: str) -> None:
    assert max(map(len, golden.splitlines())) <= 80
    assert "…" not in golden
    assert not any(line != line.rstrip() for line in golden.splitlines())
