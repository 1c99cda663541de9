"""``exam codes``, ``exam responses`` and ``exam release``: sign-in codes, answers and feedback of a served exam."""

from __future__ import annotations

import json as json_
from pathlib import Path
from typing import Annotated

import typer

from autograder.cli.common import UsageError, err, out, plain
from autograder.cli.exam.serve import Folder, Store, Url, read_exam_folder
from autograder.cli.ledger import By
from autograder.files import PRIVATE, write_bytes


def codes(
    folder: Folder,
    db: Store = "",
    url: Url = "http://127.0.0.1:8080",
    file: Annotated[Path, typer.Option("--out", "-o", help="CSV to write: student, code, link.")] = Path("codes.csv"),
    student: Annotated[list[str] | None, typer.Option("--student", help="A new code for this student only.")] = None,
    renew: Annotated[bool, typer.Option("--renew", help="New codes for everyone; earlier ones end.")] = False,
) -> None:
    """Make a one-time code and link for each student to sign in; existing codes stay valid.

    Example: autograder exam codes forms --url https://exam.example.org -o codes.csv
    """
    from autograder.escaping import rows_text
    from autograder.exam.open import open_exam
    from autograder.exam.server.access import make_codes

    exam, forms = read_exam_folder(folder)
    context = open_exam(folder, exam, forms, db)
    known = [form.student for form in forms]
    for name in student or ():
        if name not in known:
            raise UsageError(f"--student: {folder} has no form for {name!r}")
    existing = set() if renew else context.sign_ins.students_with_code()
    wanted = student or [name for name in known if name not in existing]
    if not wanted:
        out.print("Every student has a code already; make new ones with --student ID or --renew.", highlight=False)
        return
    codes_of = make_codes(context, wanted)
    base = url.rstrip("/")
    rows = [["student", "code", "link"], *([name, code, f"{base}/in/{code}"] for name, code in codes_of.items())]
    write_bytes(file, rows_text(rows).encode(), mode=PRIVATE, durable=True)
    out.print(plain(f"{file}: codes of {len(codes_of)} students; they are stored nowhere else"), highlight=False)


def responses(
    folder: Folder,
    db: Store = "",
    file: Annotated[Path, typer.Option("--out", "-o", help="JSON: student → answer name → response.")] = Path(
        "responses.json"
    ),
    times: Annotated[Path | None, typer.Option("--times", help="JSON too: seconds spent on each item.")] = None,
) -> None:
    """Write the responses of the students: the last sitting of each, with the answers that count.  Works at any time.

    Example: autograder exam responses forms -o responses.json --times times.json
    """
    from autograder.exam.open import read_sittings
    from autograder.exam.sittings import last_sittings

    exam, forms = read_exam_folder(folder)
    last = last_sittings(read_sittings(folder, exam, forms, db))
    write_bytes(
        file, _json({sitting.student: sitting.responses for sitting in last.values()}), mode=PRIVATE, durable=True
    )
    if times is not None:
        write_bytes(
            times,
            _json({sitting.student: sitting.seconds for sitting in last.values() if sitting.seconds}),
            mode=PRIVATE,
            durable=True,
        )
    working = sum(sitting.open for sitting in last.values())
    late = sum(bool(sitting.late) for sitting in last.values())
    text = (
        f"{file}: {len(last)} of {len(forms)} students; {working} still working, "
        f"{late} with answers within the grace period"
    )
    out.print(plain(text), highlight=False, soft_wrap=True)
    for sitting in last.values():
        if sitting.after_time:
            text = f"{sitting.student}: arrived after time and does not count: {', '.join(sitting.after_time)}"
            err.print(plain(text), highlight=False, soft_wrap=True)


def release(
    folder: Folder,
    by: By,
    db: Store = "",
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Withdraw the feedback.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Release even while some students are still working.")] = False,
) -> None:
    """Let students see marks and explanations of their own exam.  After that the exam can no longer be started.

    Example: autograder exam release forms --by ada
    """
    from autograder.exam.open import open_exam
    from autograder.exam.server.roster import count_working, students_are
    from autograder.exam.sitting import RELEASED, WITHDRAWN

    exam, forms = read_exam_folder(folder)
    context = open_exam(folder, exam, forms, db)
    working = count_working(context)
    if working and not withdraw and not force:
        raise UsageError(f"{students_are(working)} still working and could learn the answers: wait, or use --force")
    context.responses.add_event(WITHDRAWN if withdraw else RELEASED, "", context.now(), by=by[:200])
    out.print("Feedback is withdrawn." if withdraw else "Feedback is released.")


def _json(data: object) -> bytes:
    return (json_.dumps(data, ensure_ascii=True, indent=1, sort_keys=True) + "\n").encode()
