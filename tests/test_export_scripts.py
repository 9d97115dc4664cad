"""`export` of networks as scripts, each of which compares its gradients with differences."""

import runpy
from pathlib import Path

import pytest
from checking import ROOT, SPECS, TWO_LAYER
from typer.testing import CliRunner

from shapecalc import api, cli

runner = CliRunner()


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
