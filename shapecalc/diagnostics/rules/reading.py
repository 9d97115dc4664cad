"""SC1xx: a file could not be read, or YAML reads it as something else than its author meant."""

from shapecalc.diagnostics.rule import Rule


class YamlSyntax(Rule, code="SC101", is_unusable_input=True):
    """The file is not YAML.

    A spec is a YAML file, and YAML keeps some signs for itself: a value cannot begin with `*`,
    `@`, `&`, `%` or `- `, nor contain `: `; lines are indented with spaces, never with tabs; what
    is opened, a bracket or a quote, must be closed.

    Most often it is an expression that begins with such a sign. In quotes it is plain text to
    YAML, and shapecalc reads it as ever.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z: - w * x
      J: sum(z)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z: "- w * x"
      J: sum(z)
    ```

    Fix: Quote the expression, or write the equations as text below `forward: |`, where nothing
    needs quotes. Else look at the place that the finding names, and at the line above it.
    """


class NotASpec(Rule, code="SC102", is_unusable_input=True):
    """The file has neither `forward` nor `layers`.

    These hold the equations of the network. Without them there is nothing to differentiate, so
    the file is most likely another YAML file. In a folder such files are passed over; one that
    is named on the command line is not.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    loss: J
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(w * x)
    loss: J
    ```

    Fix: Put the equations under `forward`, or take the file off the command line.
    """


class DuplicateKey(Rule, code="SC103"):
    """A name is set twice in one section.

    YAML readers keep the last of two equal keys and drop the first without a word: a param or an
    equation is gone, and the network that is checked is not the one that was written. shapecalc
    goes on with the first and says so.

    Bad:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z: w * x
      z: relu(z)
      J: sum(z)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      z: w * x
      a: relu(z)
      J: sum(a)
    ```

    Fix: Give the second one a name of its own, and use that name in the lines below it.
    """


class NotUtf8(Rule, code="SC104", is_unusable_input=True):
    """The file is not UTF-8.

    A file is bytes, and an encoding says which letters they spell. In another encoding than
    UTF-8, such as Latin-1, an accented or a Greek letter is a byte that UTF-8 does not allow
    there. A guess could turn one name into another, so the file is not read at all.

    Bad:
    ```yaml latin-1
    name: modèle
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Good:
    ```yaml
    name: modèle
    params: {w: [n]}
    forward:
      J: sum(w)
    ```

    Fix: Save the file as UTF-8. Most editors have this under "Save with encoding"; in a terminal,
    `iconv -f latin1 -t utf-8 old.yaml > new.yaml`.
    """


class YamlFeature(Rule, code="SC105", is_unusable_input=True):
    """The file uses a part of YAML that is not read.

    Anchors and aliases (`&x`, `*x`, `<<`), tags (`!!str`), keys that are lists, and a second
    document behind `---` are not part of the spec language. A spec is meant to be read by people,
    line by line; and a few lines of aliases can stand for gigabytes.

    Bad:
    ```yaml
    inputs: {x: &shape [n]}
    params: {w: *shape}
    forward:
      J: sum(w * x)
    ```

    Good:
    ```yaml
    inputs: {x: [n]}
    params: {w: [n]}
    forward:
      J: sum(w * x)
    ```

    Fix: Write out what the alias stands for, drop the tag, and give each network its own file.
    """


class CannotRead(Rule, code="SC106", is_unusable_input=True):
    """The file cannot be opened.

    There is no such file, it is a folder, or it may not be read. A path is looked up from the
    folder in which the command runs, not from that of another spec.

    Bad:
    ```console
    $ shapecalc check two_layers.yaml
    error[SC106] cannot-read: no such file `two_layers.yaml`
     --> two_layers.yaml
      = help: check the path
      = more: shapecalc rule SC106

    ✗ two_layers.yaml: 1 error
    ```

    Good:
    ```console
    $ shapecalc check two_layer.yaml
    ```

    Fix: Check the name, the folder and the permissions. `shapecalc check .` takes all specs below
    the folder that you are in.
    """


class CutByComment(Rule, code="SC107"):
    """A `#` drops the rest of an expression.

    In YAML a `#` behind a space begins a comment. In `W @ X #b` the text behind it is not part of
    the expression, and nobody sees that something is missing. `# b`, with a space, is plainly a
    note; without one, and right behind an expression, it may be either, so it is an error.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X #scores
      J: sum(Z)
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [k, n]}
    forward:
      Z: W @ X  # scores
      J: sum(Z)
    ```

    Fix: Write a space behind the `#` of a note. If the text behind it belongs to the
    expression, take the `#` out.
    """


class SplitAtComma(Rule, code="SC108"):
    """A comma inside braces splits an expression.

    In `{s: sum(A, axis=1)}` the braces are YAML's, and to YAML each comma in them begins a new
    entry, also one inside parentheses: `sum(A` and `axis=1)`. shapecalc puts the pieces together
    to go on, but another reader of the file will not.

    Bad:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, m]}
    forward: {s: sum(W * X, axis=1), J: mean(s)}
    ```

    Good:
    ```yaml
    inputs: {X: [n, m]}
    params: {W: [n, m]}
    forward: {s: "sum(W * X, axis=1)", J: mean(s)}
    ```

    Fix: Quote the expression, or give each equation a line of its own without braces.
    """


class BadSettings(Rule, code="SC109", is_unusable_input=True):
    """The settings in `pyproject.toml` are wrong.

    The table `[tool.shapecalc]` says which codes are reported, which files are left out, and when
    a run fails. With a key or a value that is not known, a check would be stricter or laxer than
    its authors believe, and nobody would notice. So nothing is checked until it is corrected.

    Bad:
    ```toml
    [tool.shapecalc]
    ignored = ["SC501"]
    ```

    Good:
    ```toml
    [tool.shapecalc]
    ignore = ["SC501"]
    ```

    Fix: Correct the key or the value that the finding names, or remove it.
    """
