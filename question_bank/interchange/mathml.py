"""Math for paper: MathML, which browsers lay out and print without a script."""

from __future__ import annotations

import html
from xml.etree import ElementTree

from latex2mathml.converter import convert_to_element

from question_bank.interchange.text import escape

LONGEST = 2_000  # TeX that is longer, or that cannot be read, is shown as it was typed
_REACHES_OUT = ("class", "href", "id", "style")  # what \class, \href and \style would bring into a page


def mathml(tex: str, display: bool) -> str:
    r"""TeX as MathML, safe to put into a page."""
    if len(tex) > LONGEST:
        return f"<code>{escape(tex)}</code>"
    try:
        tree = convert_to_element(tex, display="block" if display else "inline")
        for node in tree.iter():
            # The library leaves character references in its text and expects them to stay unescaped.
            node.text = html.unescape(node.text) if node.text else node.text
            for name in _REACHES_OUT:
                node.attrib.pop(name, None)
        return ElementTree.tostring(tree, encoding="unicode")
    except Exception:  # its errors have no common class, and half-typed TeX raises many kinds
        return f"<code>{escape(tex)}</code>"
