"""A small XML reader for files from strangers: no document type, no entities, bounded depth, line numbers kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from xml.parsers import expat

from question_bank.interchange.outcome import MAX_BYTES, MAX_QUESTIONS, Problem, UnreadError

DEEPEST = 40


@dataclass
class Node:
    """An element; ``text`` is what stands directly in it."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def first(self, name: str) -> Node | None:
        return next((child for child in self.children if child.name == name), None)

    def all(self, name: str) -> list[Node]:
        return [child for child in self.children if child.name == name]

    def value(self, *path: str) -> str:
        """The text of the element that ``path`` leads to; nothing where there is none."""
        node: Node | None = self
        for name in path:
            node = node.first(name) if node else None
        return node.text.strip() if node else ""


def children(data: bytes, root: str) -> tuple[list[Node], list[Problem]]:
    """The elements directly below ``root``, as far as the file can be read, and what ended it before its end."""
    if len(data) > MAX_BYTES:
        return [], [Problem(1, f"expected a file of at most {MAX_BYTES:,} bytes, not {len(data):,}")]
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.buffer_size = 1 << 20
    elements: list[Node] = []
    stack: list[Node] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        line = parser.CurrentLineNumber
        if not stack and name != root:
            raise UnreadError(f"expected <{root}> around all questions, not <{name}>", line)
        if len(stack) >= DEEPEST:
            raise UnreadError(f"expected elements at most {DEEPEST} deep", line)
        if len(elements) >= MAX_QUESTIONS:
            raise UnreadError(f"expected at most {MAX_QUESTIONS:,} questions in a file; split it", line)
        stack.append(Node(name, attributes, line))

    def end(_: str) -> None:
        node = stack.pop()
        if len(stack) == 1:
            elements.append(node)
        elif stack:
            stack[-1].children.append(node)

    def characters(text: str) -> None:
        if len(stack) > 1:
            stack[-1].text += text

    def declaration(*_: object) -> None:
        raise UnreadError("expected no <!DOCTYPE …>: entities are not read", parser.CurrentLineNumber)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = characters
    parser.StartDoctypeDeclHandler = declaration
    parser.EntityDeclHandler = declaration
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        what = expat.errors.messages.get(error.code, "error")
        return elements, [Problem(max(1, error.lineno), f"expected XML that is well formed up to the end: {what}")]
    except UnreadError as error:
        return elements, [Problem(error.line, str(error))]
    except (LookupError, ValueError) as error:  # an encoding that Python does not know
        return elements, [Problem(1, f"expected XML in UTF-8: {error}")]
    return elements, []
