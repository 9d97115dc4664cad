"""The table of codes. A code never changes its meaning and is never used again."""

from typing import NamedTuple


class Code(NamedTuple):
    """One row of the table: the kebab name, and how bad it is."""

    name: str
    is_warning: bool = False
    is_unusable_input: bool = False


CODES: dict[str, Code] = {
    "SC101": Code("yaml-syntax", is_unusable_input=True),
    "SC102": Code("not-a-spec", is_unusable_input=True),
    "SC103": Code("duplicate-key"),
    "SC104": Code("not-utf8", is_unusable_input=True),
    "SC105": Code("yaml-feature"),
    "SC106": Code("cannot-read", is_unusable_input=True),
    "SC107": Code("cut-by-comment"),
    "SC108": Code("split-at-comma"),
    "SC201": Code("expression-syntax"),
    "SC202": Code("unsupported-syntax"),
    "SC203": Code("unknown-key"),
    "SC204": Code("wrong-type"),
    "SC205": Code("undefined-name"),
    "SC206": Code("used-before-defined"),
    "SC207": Code("cycle"),
    "SC208": Code("name-clash"),
    "SC209": Code("unknown-op"),
    "SC210": Code("wrong-arguments"),
    "SC211": Code("loss-not-scalar"),
    "SC212": Code("not-built-yet"),
    "SC213": Code("redefined"),
    "SC301": Code("inner-dims-differ"),
    "SC302": Code("not-broadcastable"),
    "SC303": Code("wrong-rank"),
    "SC304": Code("axis-out-of-range"),
    "SC305": Code("shape-not-as-stated"),
    "SC306": Code("size-conflict"),
    "SC307": Code("inexact-quotient"),
    "SC308": Code("bad-size"),
    "SC309": Code("unintended-broadcast", is_warning=True),
    "SC413": Code("claim-shape"),
    "SC414": Code("claim-wrong"),
    "SC415": Code("claim-undecided", is_warning=True),
    "SC501": Code("sizes-coincide", is_warning=True),
    "SC502": Code("square-weight", is_warning=True),
    "SC503": Code("literal-for-dim", is_warning=True),
    "SC602": Code("not-in-loss", is_warning=True),
    "SC901": Code("limit"),
    "SC902": Code("internal"),
}
