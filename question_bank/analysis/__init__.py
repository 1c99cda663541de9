"""Item analysis of marked responses: classical test theory, reliability, a 2PL where the class is large enough, advice.

It holds responses under any names that the exam uses and never needs a student's real name.  Responses are checked on
reading; statistics are estimates with intervals, thresholds stand with their sources in ``limits``, and every flag is a
reason for a person to look, never a decision.  What exams measured is kept in the bank by ``feedback``.
"""

from __future__ import annotations

from question_bank.analysis.analyse import Analysis, UnitStatistics, analyse, to_json
from question_bank.analysis.draws import Draws
from question_bank.analysis.feedback import STATISTICS, Measured, measured, read_statistics, record
from question_bank.analysis.flags import CHECK
from question_bank.analysis.measures import Estimate
from question_bank.analysis.table import Answer, ResponsesError, read_answers

__all__ = [
    "CHECK",
    "STATISTICS",
    "Analysis",
    "Answer",
    "Draws",
    "Estimate",
    "Measured",
    "ResponsesError",
    "UnitStatistics",
    "analyse",
    "flags",
    "limits",
    "measured",
    "read_answers",
    "read_statistics",
    "record",
    "to_json",
]
