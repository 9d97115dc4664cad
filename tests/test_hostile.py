"""Hostile input, through the program as a user runs it: a finding at its place, never a traceback.

Each run has 300 MB and, on a busy machine too, 20 seconds.
"""

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import IO, NamedTuple

import pytest
from checking import ROOT

from shapecalc import api
from shapecalc.diagnostics import Problem
from shapecalc.graph import limits
from shapecalc.source import files

MEGABYTES = 300
SECONDS = 20
SPEC = (ROOT / "specs" / "softmax_regression.yaml").read_text(encoding="utf-8")
EQUATION = "Z: W @ X + b"
N = 50_000


class Run(NamedTuple):
    """What a run left behind, and the most memory that it had."""

    code: int
    out: str
    err: str
    megabytes: float


def run(
    *arguments: str | bytes,
    stdin: int = subprocess.DEVNULL,
    environment: Mapping[str, str] = MappingProxyType({}),
) -> Run:
    """Run the program; fail where it takes too long, too much memory, or ends in a traceback."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")
    }
    kept |= {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment}
    command = [sys.executable, "-m", "shapecalc", *arguments]
    with TemporaryFile() as out, TemporaryFile() as err:
        process = subprocess.Popen(command, stdin=stdin, stdout=out, stderr=err, env=kept)
        megabytes = _ended(process)
        done = Run(process.returncode, _written(out), _written(err), megabytes)
    assert "Traceback" not in done.out + done.err
    assert "SC902" not in done.out
    assert done.code in (0, 1, 2)
    assert megabytes < MEGABYTES
    return done


def _ended(process: "subprocess.Popen[bytes]") -> float:
    """Wait for a program; return the most memory that it had, in megabytes."""
    end, peak = time.monotonic() + SECONDS, 0.0
    while time.monotonic() < end:
        peak = max(peak, _peak(process.pid))
        pid, status, _ = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            assert peak
            return peak
        time.sleep(0.01)
    process.kill()
    pytest.fail(f"still running after {SECONDS} s")


def _peak(pid: int) -> float:
    """Return the most memory of a program so far; what `wait4` says counts its parent's too."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 1024 if found else 0.0


def _written(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def findings_of(path: Path | str, *arguments: str) -> tuple[int, list[tuple[str, int, int]]]:
    """Check a file; return the exit code, and each finding's code, line and column."""
    done = run("check", str(path), "--output-format", "concise", *arguments)
    found = re.findall(r"(?m)^.*?:(\d+):(\d+): (SC\d\d\d) ", done.out)
    return done.code, [(code, int(line), int(column)) for line, column, code in found]


def changed(old: str, new: str) -> str:
    assert old in SPEC
    return SPEC.replace(old, new)


def equation(text: str) -> str:
    return f'dims: [n]\nparams: {{X: [n, n]}}\nforward:\n  Z: "{text}"\n  J: sum(Z)\n'


def chain(count: int) -> Iterator[str]:
    """Write a valid spec of so many equations."""
    yield "dims: [n]\nparams: {w: [n]}\nforward:\n  A0: w * w\n"
    yield from (f"  A{i}: -A{i - 1}\n" for i in range(1, count - 1))
    yield f"  J: sum(A{count - 2})\n"


LAUGHS = "a: &a [x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)

# what is in the file; exit code; code, line and column of each finding
INPUTS: dict[str, tuple[str | bytes, int, list[tuple[str, int, int]]]] = {
    "not UTF-8": (SPEC.encode().replace(b"Softmax", b"S\xe9"), 2, [("SC104", 2, 8)]),
    "UTF-16": (SPEC.encode("utf-16"), 2, [("SC104", 1, 1)]),
    "byte order mark": ("\ufeff" + SPEC, 0, []),
    "byte order mark and a slip": ("\ufeff*a: b", 2, [("SC101", 1, 1)]),
    "old line ends of Unicode": (
        changed("Softmax regression", "'So\u2028ft\x85 r'").replace("X + b", "Q + b"),
        1,
        [("SC205", 14, 10)],
    ),
    "an old line end in a value": (changed("X + b", "X\u2028+ b"), 2, [("SC101", 14, 11)]),
    "CRLF": (changed("X + b", "Q + b").replace("\n", "\r\n"), 1, [("SC205", 14, 10)]),
    "lone CR": (changed("X + b", "Q + b").replace("\n", "\r"), 1, [("SC205", 14, 10)]),
    "a tab": (changed("  X: [n", "\tX: [n"), 2, [("SC101", 7, 1)]),
    "a hard space": (changed("  X: [n", "\xa0 X: [n"), 2, [("SC101", 7, 1)]),
    "nothing": ("", 2, [("SC102", 1, 1)]),
    "comments": ("# one\n# two\n", 2, [("SC102", 1, 1)]),
    "a list": ("- a\n- b\n", 2, [("SC102", 1, 1)]),
    "a text": ("hello\n", 2, [("SC102", 1, 1)]),
    "two documents": (f"{SPEC}---\n{SPEC}", 2, [("SC105", 22, 1)]),
    "a billion laughs": (LAUGHS, 2, [("SC105", 1, 4)]),
    "a tag": (changed("dims: {", "dims: !!python/object {"), 2, [("SC105", 3, 7)]),
    "a merge key": (changed("params:", "params:\n  <<: {c: [k]}"), 2, [("SC105", 10, 3)]),
    "a merged alias": (changed("dims: {", "dims: {<<: *b, "), 2, [("SC105", 3, 12)]),
    "deep lists": ("forward: " + "[" * N, 1, [("SC901", 1, 109)]),
    "deep mappings": ("forward: " + "{a: " * N, 1, [("SC901", 1, 406)]),
    "deep blocks": ("forward:\n  " + "- " * N + "a", 1, [("SC901", 2, 201)]),
    "deep keys": ("? " * N + "a", 1, [("SC901", 1, 201)]),
    "many parentheses": (equation("(" * N + "X" + ")" * N), 1, [("SC901", 4, 7)]),
    "nested parentheses": (equation("(" * 65 + "X" + ")" * 65), 1, [("SC901", 4, 71)]),
    "nested minus": (equation("-" * 65 + "X"), 1, [("SC901", 4, 71)]),
    "nested powers": (equation("X" + "**X" * 65), 1, [("SC901", 4, 200)]),
    "many transposes": (equation("X" + ".T" * 9_000), 1, [("SC901", 4, 7)]),
    "a long sum": (equation("X" + "+X" * 9_000), 1, [("SC901", 4, 7)]),
    "a sum over the limit": (equation("X" + " + X" * 101), 1, [("SC901", 4, 7)]),
    "many products": (equation("X" + " @ X" * 21), 1, [("SC901", 4, 7)]),
    "calls inside each other": (equation("exp(" * 25 + "X" + ")" * 25), 1, [("SC901", 4, 7)]),
    "20 MB of something else": ("key: value\n" * 1_800_000, 1, [("SC901", 1, 1)]),
    "20 MB in a line": ("a" * 20_000_000, 1, [("SC901", 1, 1)]),
    "20 MB in the lines of a block": (
        "forward: |\n" + "  A = relu(X)\n" * 1_400_000,
        1,
        [("SC901", 1, 1)],
    ),
    "20 MB of equations": ("".join(chain(1_000_000)), 1, [("SC901", 1, 1)]),
    "2 MB of quotes": ("forward: |\n  " + "'\"" * 900_000, 1, [("SC201", 2, 3)]),
    "2 MB of empty lists": ("forward: [" + "[]," * 600_000 + "]", 1, [("SC901", 1, 10)]),
    "100,000 equations": ("".join(chain(100_000)), 1, [("SC901", 25_004, 3)]),
    "100,000 keys": ("forward: {J: s}\nparams: {s: []}\n" + "k: 1\n", 1, [("SC203", 3, 1)]),
    "a name of 10,000 characters": (changed("W @ X", "N" * 10_000), 1, [("SC901", 14, 6)]),
    "a key of 10,000 characters": (changed("  W:", f"  {'N' * 10_000}:"), 2, [("SC101", 10, 3)]),
    "a dim of 10,000 characters": (
        changed("X: [n", f"X: [{'N' * 10_000}"),
        1,
        [("SC901", 7, 7)],
    ),
    "a title of 10,000 characters": (
        changed("Softmax", "S" * 10_000),
        1,
        [("SC901", 2, 7)],
    ),
    "an accent in two spellings": (
        SPEC.replace("W:", "\xe9:").replace("W @", "e\u0301 @").replace("dW", "d\xe9"),
        0,
        [],
    ),
    "a space of no width": (changed("W @ X", "W\u200b @ X"), 1, [("SC201", 14, 7)]),
    "a name with a space of no width": (changed("  X:", "  X\u200b:"), 1, [("SC204", 7, 3)]),
    "a change of direction": (changed("W @ X", "W @ \u202eX"), 1, [("SC201", 14, 10)]),
    "10^18": (changed("m: 64", f"m: {10**17}"), 0, []),
    "10^30": (changed("m: 64", f"m: {10**30}"), 1, [("SC901", 3, 26)]),
    "1e99999999": (changed("m: 64", "m: 1e99999999"), 1, [("SC901", 3, 26)]),
    "no size": (changed("m: 64", "m: 0"), 1, [("SC308", 3, 26)]),
    "a negative size": (changed("m: 64", "m: -3"), 1, [("SC308", 3, 26)]),
    "a fraction": (changed("m: 64", "m: 2.5"), 1, [("SC308", 3, 26)]),
    "1e3": (changed("m: 64", "m: 1e3"), 0, []),
    "0x10": (changed("m: 64", "m: 0x10"), 1, [("SC204", 3, 26)]),
    "1_000": (changed("m: 64", "m: 1_000"), 1, [("SC204", 3, 26)]),
    "digits of another script": (changed("m: 64", "m: ٣"), 1, [("SC204", 3, 26)]),
    "no space behind a colon": (changed("k: 10", "k:10"), 1, [("SC204", 3, 16)]),
    "dims in a set": (changed("n: 784, k: 10, m: 64", "n, k, m"), 1, [("SC204", 3, 7)]),
    "a cut by a comment": (changed("X + b", "X #b"), 1, [("SC107", 14, 12)]),
    "a shape in parentheses": (changed("W: [k, n]", "W: (k, n)"), 0, []),
    "a NUL": (changed("Softmax", "S\0"), 2, [("SC101", 2, 8)]),
    "axes without end": (changed("W: [k", "W: [" + "k, " * N + "k"), 1, [("SC901", 10, 6)]),
    "powers of powers": (equation("(X + " * 8 + "X" + ")**2" * 8), 0, []),
    "softmax in softmax": (
        equation("softmax(-" * 9 + "X" + ", axis=0)" * 9),
        1,
        [("SC901", 4, 7)],
    ),
    "arrays of ten axes": (
        f"params: {{X: [{', '.join('abcdefghij')}]}}\nforward: {{J: sum(exp(X))}}\n",
        0,
        [],
    ),
    "axes that cannot both be": (
        "dims: [n, m]\nparams: {X: [n - m, m - n]}\nforward: {J: sum(exp(X))}\n",
        0,
        [],
    ),
}


@pytest.mark.parametrize("name", INPUTS)
def test_hostile_file_has_its_finding_at_its_place(name: str, tmp_path: Path) -> None:
    content, code, findings = INPUTS[name]
    path = tmp_path / "spec.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert findings_of(path) == (code, findings)
    page = run("check", str(path))
    assert page.code == code
    assert page.err == ""


@pytest.mark.parametrize("name", ["on", "off", "yes", "no", "y", "n", "null", "true"])
def test_words_that_old_yaml_reads_as_values_are_names(name: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(
        f"dims: [k, j]\nparams: {{{name}: [k, j]}}\nforward: {{J: sum({name} * {name})}}\n"
    )
    assert findings_of(path) == (0, [])
    assert f"d{name} = 2 * {name}" in run("check", str(path)).out


@pytest.mark.parametrize(
    ("old", "new", "help_"),
    [
        ("W @ X", "W @ Х", "`X` (line 7), which looks the same: it has U+0058 LATIN CAPITAL"),
        ("Z: W", "Ζ: W", "`Ζ` (line 14), which looks the same: it has U+0396 GREEK CAPITAL"),
        ("forward", "fоrward", "`forward`, which looks the same: it has U+006F LATIN SMALL"),
        ("W @ X", "W @ X\u200d", "take it out"),
    ],
)
def test_names_that_look_alike_are_told_apart_by_their_code_points(
    old: str, new: str, help_: str, tmp_path: Path
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace(old, new, 1).split("gradients:")[0], encoding="utf-8")
    said = run("check", str(path), "--output-format", "concise").out
    assert help_ in said


def test_chain_of_20_000_equations_is_derived(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("".join(chain(20_001)), encoding="utf-8")
    assert findings_of(path) == (0, [])


def test_thousand_findings_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    lines = "".join(f"  A{i}: relu(B{i})\n" for i in range(20_000))
    path.write_text(f"dims: [n]\nparams: {{w: [n]}}\nforward:\n{lines}  J: sum(w)\n")
    said = run("check", str(path), "--output-format", "concise").out.splitlines()
    assert len(said) == 1_001
    assert "SC901 19,000 more findings are over the limit of 1,000" in said[-1]


def test_equations_in_reverse_order_are_found_out_in_time(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    lines = "".join(f"  A{i}: relu(A{i + 1})\n" for i in range(20_000))
    for last, code in (("w", "SC206"), ("A0", "SC207")):
        path.write_text(f"dims: [n]\nparams: {{w: [n]}}\nforward:\n{lines}  A20000: relu({last})\n")
        assert findings_of(path)[1][0] == (code, 4, 12)


def test_equations_at_the_limits_are_derived() -> None:
    for text in (
        "X" + " + X" * limits.OPERATION_LIMIT,
        "exp(" * (limits.NESTING_LIMIT - 2) + "X @ X" + ")" * (limits.NESTING_LIMIT - 2),
    ):
        report = api.check(equation(text), "spec.yaml", detail=False)
        assert "SC901" not in {finding.code for finding in report.findings}


def test_text_at_the_limit_is_read_and_one_more_character_is_not() -> None:
    spec = "params: {s: []}\nforward: {J: s * s}\n#"
    text = spec + "x" * (files.TEXT_LIMIT - len(spec))
    assert api.check(text, "spec.yaml").findings == ()
    (finding,) = api.check(text + "x", "spec.yaml").findings
    assert (finding.code, finding.span.line) == ("SC901", 1)


def test_long_file_that_is_cut_inside_a_character_is_too_long_and_not_bad(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("a" + "😀" * (files.TEXT_LIMIT + 10), encoding="utf-8")
    assert len(files.read_file(str(path))) > files.TEXT_LIMIT


def test_path_with_a_nul_is_a_finding() -> None:
    with pytest.raises(Problem) as caught:
        api.read("nul\0.yaml")
    assert caught.value.finding.code == "SC106"


def test_folders_without_specs_missing_files_and_empty_paths_say_so(tmp_path: Path) -> None:
    assert run("check", str(tmp_path)).out == "! 0 specs: nothing to check\n"
    for path, fact in (
        (str(tmp_path / "no.yaml"), "no such file"),
        ("", "an empty path names no file"),
        (str(tmp_path / ("a" * 5_000)), "file name too long"),
    ):
        done = run("check", path, "--output-format", "concise")
        assert done.code == 2
        assert "SC106" in done.out
        assert fact in done.out


def test_file_that_may_not_be_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("os.open", refuse)
    with pytest.raises(Problem, match="may not be read"):
        api.read("spec.yaml")


def test_folder_that_contains_itself_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    (tmp_path / "again").symlink_to(tmp_path)
    (tmp_path / "round.yaml").symlink_to("round.yaml")
    assert run("check", str(tmp_path)).out.startswith("✓ 1 spec, ")
    assert findings_of(tmp_path / "round.yaml") == (2, [("SC106", 1, 1)])


def test_endless_files_and_silent_pipes_are_not_waited_for(tmp_path: Path) -> None:
    assert findings_of("/dev/zero") == (1, [("SC901", 1, 1)])
    os.mkfifo(tmp_path / "pipe.yaml")
    assert findings_of(tmp_path / "pipe.yaml") == (2, [("SC106", 1, 1)])
    assert run("check", str(tmp_path)).out == "! 0 specs: nothing to check\n"


def test_endless_standard_input_is_cut() -> None:
    with Path("/dev/zero").open("rb") as zero:
        done = run("check", "-", "--output-format", "concise", stdin=zero.fileno())
    assert (done.code, "SC901" in done.out) == (1, True)


def test_pipe_with_a_writer_is_read() -> None:
    end, other = os.pipe()
    os.write(other, SPEC.encode())
    os.close(other)
    command = [sys.executable, "-m", "shapecalc", "check", f"/dev/fd/{end}", "-q"]
    done = subprocess.run(
        command,
        pass_fds=[end],
        capture_output=True,
        check=False,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    os.close(end)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("redirection", [">&-", ">&- 2>&-", "<&- >&- 2>&-", "| head -1", "2>&-"])
def test_stream_that_is_closed_is_no_error(redirection: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    for output_format in ("full", "concise", "json"):
        command = f"{sys.executable} -m shapecalc check {path} --output-format {output_format}"
        done = subprocess.run(
            ["/bin/sh", "-c", f"{command} {redirection}"],
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0
        assert b"Traceback" not in done.stderr


def test_disk_that_is_full_is_2_and_says_so() -> None:
    command = f"{sys.executable} -m shapecalc check specs/two_layer.yaml >/dev/full"
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, check=False, cwd=ROOT, timeout=SECONDS
    )
    assert done.returncode == 2
    assert done.stderr.startswith(b"cannot write the report: ")


def test_terminal_of_20_columns_has_a_page_of_80(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "shapecalc", "check", "spec.yaml", "--color", "never"],
        cwd=tmp_path,
        stdin=child,
        stdout=child,
        stderr=child,
        env={**os.environ, "COLUMNS": "20", "PYTHONPATH": str(ROOT), "TERM": "xterm"},
    )
    os.close(child)
    shown = _all_of(parent)
    assert process.wait(timeout=SECONDS) == 0
    assert shown.replace("\r\n", "\n") == api_page("spec.yaml")


def _all_of(descriptor: int) -> str:
    """Read a terminal until its program has gone."""
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(descriptor, 65_536)
        except OSError:
            part = b""
        if not part:
            os.close(descriptor)
            return b"".join(parts).decode()
        parts.append(part)


def api_page(path: str) -> str:
    from shapecalc.render import terminal
    from shapecalc.render.output import Look

    return terminal.report_page(api.check(SPEC, path), Look())


def test_hostile_files_are_refused_without_asserts_too(tmp_path: Path) -> None:
    for name in ("a billion laughs", "deep lists", "nested minus", "axes that cannot both be"):
        content, code, findings = INPUTS[name]
        path = tmp_path / "spec.yaml"
        path.write_text(str(content), encoding="utf-8")
        command = [sys.executable, "-OO", "-m", "shapecalc", "check", str(path)]
        done = subprocess.run(
            [*command, "--output-format", "concise"],
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            encoding="utf-8",
        )
        assert (done.returncode, done.stdout.count("\n")) == (code, len(findings))


ASCII = {"LC_ALL": "C", "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.mark.parametrize("flags", [(), ("--wrt", "θ"), ("--output-format", "json"), ("--full",)])
def test_greek_names_are_escaped_where_the_locale_is_ascii(
    flags: tuple[str, ...], tmp_path: Path
) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.replace("W", "θ"), encoding="utf-8")
    done = run("check", str(path), *flags, environment=ASCII)
    assert (done.code, done.err) == (0, "")
    assert done.out.isascii()
    assert "\\u03b8" in done.out


@pytest.mark.parametrize("output_format", ["full", "concise", "json", "sarif", "github"])
def test_path_that_is_no_text_is_escaped(output_format: str, tmp_path: Path) -> None:
    path = os.fsencode(tmp_path) + b"/\xff\n\x1b[31m.yaml"
    Path(os.fsdecode(path)).write_text(SPEC.replace("X + b", "Q + b"), encoding="utf-8")
    done = run("check", path, "--output-format", output_format)
    assert done.code == 1
    assert "SC205" in done.out
    assert "\x1b" not in done.out
    if output_format in ("json", "sarif"):
        assert json.loads(done.out)


@pytest.mark.parametrize("stop", ["reading", "working"])
def test_interrupt_is_130_and_quiet(stop: str, tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text("".join(chain(20_001)), encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-m", "shapecalc", "check", "-" if stop == "reading" else str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=_listening,  # noqa: PLW1509 (no other thread runs here)
    )
    _until(lambda: b"yaml" in Path(f"/proc/{process.pid}/maps").read_bytes())
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (130, b"", b"")


def _listening() -> None:
    """Let a signal through that is ignored where the tests run in the background."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < end:
        time.sleep(0.05)
