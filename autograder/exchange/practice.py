"""Practice items of the course's question bank for what a submission missed, as reports show them."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.report.advice import missed_topics
from autograder.report.practice import PracticeItem, PracticeTopic
from autograder.results import Result


def practice_for(result: Result) -> Sequence[PracticeTopic]:
    """Draw two items for each topic that a submission missed; the same submission gets the same items."""
    topics = missed_topics(result)
    if not topics:
        return ()
    from question_bank.practice import practice  # templates bring JAX along

    return [
        PracticeTopic(
            chosen.topic,
            tuple(
                PracticeItem(
                    item.stem,
                    item.code,
                    tuple(option.text for option in item.options),
                    tuple(item.keys or item.accepted[:1]),
                    item.explanation,
                )
                for item in chosen.items
            ),
        )
        for chosen in practice(topics, result.provenance.submission_sha256)
    ]
