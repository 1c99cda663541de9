"""What this machine can do: doctor and bench."""

from __future__ import annotations

from typing import Annotated

import typer

from autograder.assignment.load import find_root, list_assignments, load
from autograder.cli.common import NOT_ALL_JUDGED, OK, make_table, out, plain, print_json, spinner
from autograder.cli.options import Device, Json, Quiet, Root
from autograder.grading.doctor import examine
from autograder.judge.performance.roofline import measure_limits, measure_references
from autograder.judge.performance.testbed import Testbed


def doctor(root: Root = None, device: Device = "auto", json: Json = False) -> None:
    """Check this machine: sandbox, devices, versions, and what is missing.

    Example: autograder doctor
    """
    findings = examine(root, device)
    if json:
        print_json([f.__dict__ for f in findings])
    else:
        for f in findings:
            mark = "[green]✓[/]" if f.good else "[yellow]![/]"
            out.print(f"{mark} [bold]{f.name}[/]: {plain(f.text)}", highlight=False, soft_wrap=True)
    raise typer.Exit(OK if all(f.good for f in findings) else NOT_ALL_JUDGED)


def bench(
    slugs: Annotated[list[str] | None, typer.Argument(help="Assignments; default: all.")] = None,
    root: Root = None,
    device: Device = "auto",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure the reference programs on this device, and compare them with the device's limits.

    Example: autograder bench conv --device gpu
    """
    folder = root or find_root()
    testbed = Testbed(device, 8000)
    try:
        name = testbed.worker.start()
        with spinner("measuring", quiet or json) as on_progress:
            limits = measure_limits(testbed)
            speeds = measure_references(
                [load(s, folder) for s in slugs or list_assignments(folder)], testbed, limits, on_progress
            )
    finally:
        testbed.close()
    if json:
        print_json({"device": name, "limits": limits.__dict__, "references": [s.__dict__ for s in speeds]})
        return
    out.print(plain(name), highlight=False)
    out.print(
        f"copy {limits.bandwidth / 1e9:.1f} GB/s, matmul {limits.matmul / 1e9:.1f} GFLOP/s (float32, one CPU thread)",
        highlight=False,
    )
    table = make_table("assignment", "reference program", ">calls/s", ">GFLOP/s", ">GB/s", ">of the limit")
    for s in speeds:
        rates = [f"{v / s.seconds / 1e9:.2f}" if v is not None else "?" for v in (s.flops, s.bytes)]
        table.add_row(
            s.assignment, s.case, f"{1 / s.seconds:.1f}", *rates, f"{s.share:.0%}" if s.share == s.share else "?"
        )
    out.print(table)
