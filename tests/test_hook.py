"""The hook, as its users have it: the real pre-commit, repositories of git, commits."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from checking import ROOT, TWO_LAYER
from test_program import Run, shapecalc
from test_settings import BROKEN, SQUARE

HOOK, FIX = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
OTHER = "version: 2\njobs: {build: [a, b]}\n"
NEAR_MISS = TWO_LAYER.replace("forward:", "foward:")


class Workbench(NamedTuple):
    """A repository of git, and the environment in which pre-commit runs in it."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> Run:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def git(self, *arguments: str) -> str:
        run = self.run("git", *arguments)
        assert run.code == 0, run.err
        return run.out.strip()

    def pre_commit(self, *arguments: str) -> Run:
        return self.run(sys.executable, "-m", "pre_commit", *arguments)

    def write(self, **files: str) -> None:
        for name, text in files.items():
            (self.folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        self.git("add", "--all")

    def at(self, folder: Path) -> "Workbench":
        """Begin another repository, with the same environment."""
        folder.mkdir()
        other = self._replace(folder=folder)
        other.git("init", "--quiet", "--initial-branch=main")
        return other


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    """The files of this repository, committed to another."""
    home = tmp_path_factory.mktemp("hook")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = {
        f"GIT_{who}_{what}": "a@example.org" if what == "EMAIL" else "A"
        for who in ("AUTHOR", "COMMITTER")
        for what in ("NAME", "EMAIL")
    }
    environment = {
        **{name: value for name, value in kept.items() if name != "PYTHONPATH"},
        **identity,
        "GIT_CONFIG_GLOBAL": os.devnull,
        "PRE_COMMIT_HOME": str(home / "cache"),
        "PRE_COMMIT_COLOR": "never",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    bench = Workbench(ROOT, environment)
    listed = bench.git("ls-files", "--cached", "--others", "--exclude-standard").split("\n")
    copy = bench.at(home / "published")
    for name in listed:
        if (ROOT / name).is_file():
            target = copy.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    copy.git("add", "--all")
    copy.git("commit", "--quiet", "--message", "all files")
    yield copy
    shutil.rmtree(home)


@pytest.fixture(scope="module")
def consumer(published: Workbench) -> Workbench:
    """A repository that pins a revision of ours, with the hook installed."""
    bench = published.at(published.folder.parent / "consumer")
    pinned = {
        "repo": published.folder.as_uri(),
        "rev": published.git("rev-parse", "HEAD"),
        "hooks": [{"id": "shapecalc-check"}],
    }
    settings = yaml.safe_dump({"repos": [pinned]})
    (bench.folder / ".pre-commit-config.yaml").write_text(settings, encoding="utf-8")
    assert bench.pre_commit("install", "--install-hooks").code == 0
    bench.git("add", "--all")
    return bench


def commit(bench: Workbench) -> Run:
    run = bench.run("git", "commit", "--quiet", "--message", "a change")
    return Run(run.code, run.out + run.err, "")


def test_manifest_and_our_own_settings_are_valid(published: Workbench) -> None:
    assert published.pre_commit("validate-manifest", ".pre-commit-hooks.yaml").code == 0
    assert published.pre_commit("validate-config", ".pre-commit-config.yaml").code == 0


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        ("specs/a.yaml", True),
        ("a.yml", True),
        ("deep/er/net.v2.yaml", True),
        ("größe.yaml", True),
        ("a.yaml.bak", False),
        ("yaml", False),
        ("a.yaml/readme.md", False),
        ("a.yaml.j2", False),
        ("myaml", False),
        ("a.json", False),
        (".yamllint", False),
    ],
)
def test_pattern_fits_yaml_files(path: str, is_read: bool) -> None:
    assert (re.search(HOOK["files"], path) is not None) == is_read
    assert FIX["files"] == HOOK["files"]


def test_try_repo_runs_the_hook(published: Workbench) -> None:
    bench = published.at(published.folder.parent / "tried")
    bench.write(good=TWO_LAYER, bad=BROKEN)
    run = bench.pre_commit(
        "try-repo", str(published.folder), "shapecalc-check", "--files", "good.yaml"
    )
    assert (run.code, "Passed" in run.out) == (0, True), run.out + run.err
    run = bench.pre_commit(
        "try-repo", str(published.folder), "shapecalc-check", "--files", "bad.yaml"
    )
    assert (run.code, "error[SC301]" in run.out) == (1, True), run.out + run.err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        (TWO_LAYER, 0, ""),
        (BROKEN, 1, "= help: write `W.T @ X`, or declare `W: [h, n]`"),
        (OTHER, 0, ""),
        (NEAR_MISS, 1, "did you mean `forward`?"),
        (SQUARE, 0, ""),
        ("forward: {Z: @ W}\n", 1, "a value cannot begin with `@`"),
    ],
    ids=["clean", "broken", "no spec", "near miss", "warnings", "no YAML"],
)
def test_commit_is_stopped_by_a_broken_spec_only(
    consumer: Workbench, text: str, code: int, said: str
) -> None:
    consumer.git("rm", "--quiet", "-f", "--ignore-unmatch", "net.yaml")
    consumer.write(net=f"# {text.splitlines()[-1]}\n{text}")
    run = commit(consumer)
    assert (run.code, said in run.out) == (code, True), run.out
    assert "Traceback" not in run.out


def test_one_process_takes_the_whole_batch(consumer: Workbench) -> None:
    path = consumer.folder / ".pre-commit-config.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["repos"][0]["hooks"][0]["args"] = ["--statistics", "--fail-on", "warning"]
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    consumer.write(**{f"many_{number}": SQUARE for number in range(60)})
    run = consumer.pre_commit("run", "--all-files")
    assert run.code == 1, run.out
    rows = [line for line in run.out.splitlines() if "SC502" in line]
    assert [row.split() for row in rows] == [["60", "SC502", "square-weight"]]


def test_our_own_hook_passes_on_our_specs_and_leaves_out_the_bad_ones(
    published: Workbench,
) -> None:
    run = published.pre_commit("run", "--all-files", "--verbose")
    assert (run.code, "Passed" in run.out) == (0, True), run.out + run.err
    assert "Skipped" not in run.out
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))[
        "repos"
    ][0]["hooks"]
    assert hook["entry"] == HOOK["entry"]
    specs = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("specs/**/*.yaml")]
    read = {s for s in specs if re.search(hook["files"], s) and not re.search(hook["exclude"], s)}
    assert read == {s for s in specs if not s.startswith("specs/bad/")}


def test_hook_passes_over_what_is_no_spec_whatever_it_holds(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("größe: 1\n".encode("latin-1"))
    (tmp_path / "empty.yaml").write_bytes(b"")
    (tmp_path / "list.yaml").write_bytes(b"- a\n- b\n")
    (tmp_path / "broken.yaml").write_bytes(b"a: [\n")
    (tmp_path / "template.yaml").write_bytes(b"a: {{ value }}\n")
    (tmp_path / "large.yaml").write_bytes(b"- a line of a log\n" * 1_000_000)
    run = shapecalc("check", "--hook", *(path.name for path in tmp_path.iterdir()), cwd=tmp_path)
    assert run == (0, "", "")


def test_hook_without_files_passes() -> None:
    assert shapecalc("check", "--hook") == (0, "", "")


def test_hook_prints_findings_only(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SQUARE, encoding="utf-8")
    run = shapecalc("check", "--hook", "a.yaml", cwd=tmp_path)
    heads = [line for line in run.out.splitlines() if line.startswith("a.yaml:")]
    assert [head.split()[2] for head in heads] == ["SC502", "SC601"]
    assert (run.code, run.err, "BACKWARD" in run.out) == (0, "", False)


def test_hook_in_an_encoding_of_its_own_is_a_finding_where_it_is_a_spec(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(f"name: größe\n{TWO_LAYER}".encode("latin-1"))
    run = shapecalc("check", "--hook", "a.yaml", cwd=tmp_path)
    assert (run.code, "SC104" in run.out) == (2, True)
