"""`shapecalc rule`, `schema` and `init`: what the program can say without a spec."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from shapecalc.cli.options import Color
from shapecalc.cli.writing import put_out, stop

START = "spec.yaml"


class RuleFormat(StrEnum):
    """How rules are printed."""

    TEXT = "text"
    JSON = "json"


def rule(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="A code or its name: SC301.")
    ] = None,
    output_format: Annotated[RuleFormat, typer.Option(help="How to print.")] = RuleFormat.TEXT,
    color: Annotated[Color, typer.Option(help="When to colour.")] = Color.AUTO,
    ascii_only: Annotated[bool, typer.Option("--ascii", help="Print signs in ASCII.")] = False,
) -> None:
    """Explain a diagnostic code, or list all of them."""
    from shapecalc.diagnostics.rules import every_rule, find_rule
    from shapecalc.render.output import look_of
    from shapecalc.render.rules import rule_list, rule_page, rules_json

    chosen = find_rule(code) if code is not None else None
    if code is not None and chosen is None:
        raise typer.BadParameter(_no_rule(code), param_hint="CODE")
    if output_format is RuleFormat.JSON:
        put_out(rules_json([chosen] if chosen else every_rule()))
        return
    wants = None if color is Color.AUTO else color is Color.ALWAYS
    look = look_of(None, color=wants, ascii_only=ascii_only)
    put_out(rule_page(chosen, look) if chosen else rule_list(look))


def _no_rule(code: str) -> str:
    from shapecalc.diagnostics.rules import nearest_rule

    near = nearest_rule(code)
    advice = f"did you mean `{near.code}`, {near.name}?" if near else "`shapecalc rule` lists them"
    return f"`{code}` is no code: {advice}"


def schema(
    output_file: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write the schema to a file.")
    ] = None,
) -> None:
    """Print the JSON schema of specs, for editors.

    Beside a spec, `# yaml-language-server: $schema=FILE` as its first line makes an editor use it.
    """
    from shapecalc.spec.schema import schema as text

    put_out(text(), output_file)


def init(
    path: Annotated[str, typer.Argument(metavar="[FILE]", help="Where to write it.")] = START,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there.")
    ] = False,
) -> None:
    """Write a commented spec to start from; `-` prints it."""
    from shapecalc.render.output import write_file
    from shapecalc.spec.start import starting_spec

    text = starting_spec()
    if path == "-":
        put_out(text)
        return
    try:
        if not force:
            Path(path).open("x", encoding="utf-8").close()  # only where there is none yet
        write_file(path, text)
    except FileExistsError:
        stop(f"{path} is there already: choose another name, or add --force")
    except (OSError, ValueError) as error:
        stop(f"cannot write {path}: {getattr(error, 'strerror', None) or error}")
    put_out(f"{path} is written; next: shapecalc check {path}\n")
