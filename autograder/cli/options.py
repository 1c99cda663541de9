"""Options that commands share, in groups: a parameter whose type is a frozen dataclass stands for its fields."""

from __future__ import annotations

import dataclasses
import functools
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.grading.options import Keep, RunOptions

SECRET_VARIABLE = "AUTOGRADER_KEY"
SHAPES_VARIABLE = "AUTOGRADER_SHAPES"

Root = Annotated[
    Path | None, typer.Option("--root", help="Course folder; default: the nearest folder that contains assignments/.")
]
Slug = Annotated[str | None, typer.Option("--assignment", "-a", help="Name of the assignment (see: autograder list).")]
Device = Annotated[str, typer.Option("--device", help="Device to run the checks on: cpu, gpu, tpu or auto.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for other programs.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print only problems.")]
Quick = Annotated[bool, typer.Option("--quick", help="Check numbers only: skip training, throughput and cost.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show every case and number.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Submissions to grade in parallel; 0: one per core.")]
Unsandboxed = Annotated[bool, typer.Option("--unsandboxed", help="Run without a sandbox; recorded with every mark.")]


@dataclass(frozen=True)
class Course:
    """Which assignment of which course."""

    assignment: Slug = None
    root: Root = None


@dataclass(frozen=True)
class Secret:
    """Where the course secret comes from."""

    key_file: Annotated[
        Path | None,
        typer.Option("--key-file", help=f"File with the course secret; default: the variable {SECRET_VARIABLE}."),
    ] = None
    public: Annotated[bool, typer.Option("--public", help="Use the public seed: a rehearsal without marks.")] = False


@dataclass(frozen=True)
class Selection:
    """Which submissions a run grades, and which stored results it keeps."""

    only: Annotated[
        list[str] | None, typer.Option("--only", help="Grade only this student or file; * matches anything.")
    ] = None
    failed: Annotated[
        bool, typer.Option("--failed", help="Regrade only submissions that could not be read, judged or measured.")
    ] = False
    force: Annotated[bool, typer.Option("--force", help="Regrade submissions that already have a result.")] = False

    @property
    def keep(self) -> Keep:
        return Keep.NOTHING if self.force or self.failed else Keep.UNCHANGED


@dataclass(frozen=True)
class Machine:
    """Where and how programs are judged."""

    jobs: Jobs = 0
    device: Device = "auto"
    quick: Quick = False

    def options(self, keep: Keep, cluster: str = "") -> RunOptions:
        return RunOptions(self.device, self.jobs, self.quick, keep, cluster)


@dataclass(frozen=True)
class Printing:
    """What a command prints."""

    json: Json = False
    quiet: Quiet = False
    verbose: Verbose = False

    @property
    def progress(self) -> bool:
        """Whether to show progress to a person."""
        return not (self.json or self.quiet)


def grouped(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command take groups of options: typer sees the fields, the command gets the dataclasses."""
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, type[Any]] = {}
    flat: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        group = parameter.annotation
        if not (isinstance(group, type) and dataclasses.is_dataclass(group)):
            flat.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
            continue
        groups[name] = group
        hints = typing.get_type_hints(group, include_extras=True)
        for field in dataclasses.fields(group):
            flat.append(
                inspect.Parameter(
                    field.name, inspect.Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
                )
            )

    @functools.wraps(command)
    def run(**given: Any) -> Any:
        for name, group in groups.items():
            given[name] = group(**{f.name: given.pop(f.name) for f in dataclasses.fields(group)})
        return command(**given)

    del run.__wrapped__  # typer would look through it
    run.__signature__ = signature.replace(parameters=flat)  # type: ignore[attr-defined]
    run.__annotations__ = {p.name: p.annotation for p in flat}
    return run
