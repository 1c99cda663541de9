"""Metrics from a confusion matrix, sizes of splits and folds."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np

from question_bank.templates.engine import Draw, Question, Wrong, template


@jax.jit
def _metrics(tp: float, fn: float, fp: float, tn: float) -> dict[str, jax.Array]:
    """The metrics as means over the single decisions, weighted by the four counts."""
    truth, said = jnp.asarray([1, 1, 0, 0]), jnp.asarray([1, 0, 1, 0])
    count = jnp.stack([jnp.asarray(v, float) for v in (tp, fn, fp, tn)])

    def mean(hit: jax.Array, among: jax.Array) -> jax.Array:
        return jnp.sum(hit * among * count) / jnp.sum(among * count)

    right = (truth == said).astype(float)
    precision, recall = mean(right, said), mean(right, truth)
    return {
        "accuracy": mean(right, jnp.ones(4)),
        "precision": precision,
        "recall": recall,
        "specificity": mean(right, 1 - truth),
        "balanced": (recall + mean(right, 1 - truth)) / 2,
        "f1": jnp.prod(jnp.stack([precision, recall])) * 2 / (precision + recall),
    }


class _Table:
    """A drawn confusion matrix; the plain numbers serve as the second way and for the mistakes."""

    def __init__(self, d: Draw) -> None:
        self.tp, self.fn, self.fp, self.tn = (d.integer(*limits) for limits in ((15, 90), (4, 70), (4, 70), (15, 200)))
        self.all = self.tp + self.fn + self.fp + self.tn
        subject = d.choose(
            ("mails", "spam", "no spam"),
            ("parts", "faulty", "sound"),
            ("scans", "ill", "healthy"),
            ("payments", "fraud", "honest"),
        )
        self.stem = (
            f'A classifier looks at {self.all} {subject[0]}; "{subject[1]}" is the positive class. Of the '
            f"{self.tp + self.fn} positive ones it finds {self.tp}; of the "
            f'{self.fp + self.tn} negative ones ("{subject[2]}") it takes {self.fp} for positive.'
        )
        self.accuracy = (self.tp + self.tn) / self.all
        self.precision, self.recall = self.tp / (self.tp + self.fp), self.tp / (self.tp + self.fn)
        self.specificity = self.tn / (self.tn + self.fp)
        self.negative = self.tn / (self.tn + self.fn)
        self.f1 = 2 * self.tp / (2 * self.tp + self.fp + self.fn)
        self.counts = (
            f"{self.tp} true positives, {self.fn} false negatives, {self.fp} false positives, {self.tn} true negatives"
        )

    def key(self, name: str) -> jax.Array:
        metrics: dict[str, jax.Array] = _metrics(self.tp, self.fn, self.fp, self.tn)
        return metrics[name]


def _others(t: _Table, asked: str) -> list[Wrong]:
    """The neighbouring metrics, as the mistakes that everybody makes."""
    rows = [
        Wrong("accuracy", t.accuracy, "That is the accuracy: right decisions over all decisions."),
        Wrong("precision", t.precision, "That is the precision: divided by everything called positive."),
        Wrong("recall", t.recall, "That is the recall: divided by everything that is positive."),
        Wrong("specificity", t.specificity, "That is the specificity: the recall of the negative class."),
        Wrong("f1", t.f1, "That is the F1 score, the harmonic mean of precision and recall."),
        Wrong(
            "balanced", (t.recall + t.specificity) / 2, "That is the balanced accuracy, the mean of the two recalls."
        ),
    ]
    return [row for row in rows if row.name != asked]


@template(topic="evaluation", difficulty=0.3)
def accuracy_from_counts(d: Draw) -> Question:
    """Accuracy from a confusion matrix."""
    t = _Table(d)
    return Question(
        stem=f"{t.stem} What is its accuracy?",
        key=t.key("accuracy"),
        second=1 - (t.fp + t.fn) / t.all,
        wrong=[
            *_others(t, "accuracy"),
            Wrong("error rate", (t.fp + t.fn) / t.all, "That is the share of wrong decisions."),
            Wrong("positives only", t.tp / t.all, "The negative ones that were recognised are right decisions too."),
            Wrong("negatives only", t.tn / t.all, "The positive ones that were found are right decisions too."),
            Wrong("always negative", (t.tn + t.fp) / t.all, "That is the accuracy of calling everything negative."),
        ],
        explanation=f"There are {t.counts}: ({t.tp} + {t.tn}) / {t.all} = {t.accuracy:.3f}.",
        places=3,
    )


@template(topic="evaluation", difficulty=0.35)
def precision_from_counts(d: Draw) -> Question:
    """Precision from a confusion matrix."""
    t = _Table(d)
    return Question(
        stem=f"{t.stem} What is its precision?",
        key=t.key("precision"),
        second=1 - t.fp / (t.tp + t.fp),
        wrong=[
            *_others(t, "precision"),
            Wrong(
                "false discoveries",
                t.fp / (t.tp + t.fp),
                "That is the share of wrong ones among those called positive.",
            ),
            Wrong("of all", t.tp / t.all, "Divide by those called positive, not by all."),
            Wrong("negative side", t.negative, "That is the precision of the negative class."),
        ],
        explanation=f"There are {t.counts}: {t.tp} / ({t.tp} + {t.fp}) = {t.precision:.3f}.",
        places=3,
    )


@template(topic="evaluation", difficulty=0.35)
def recall_from_counts(d: Draw) -> Question:
    """Recall from a confusion matrix given by what was called positive."""
    t = _Table(d)
    return Question(
        stem=f"A classifier calls {t.tp + t.fp} of {t.all} examples positive, and {t.tp} of these are positive indeed. "
        f"Of the examples that it calls negative, {t.fn} are positive. What is its recall?",
        key=t.key("recall"),
        second=1 - t.fn / (t.tp + t.fn),
        wrong=[
            *_others(t, "recall"),
            Wrong("missed", t.fn / (t.tp + t.fn), "That is the share of the positive ones that it missed."),
            Wrong("of all", t.tp / t.all, "Divide by the positive ones, not by all."),
            Wrong("called positive", (t.tp + t.fp) / t.all, "That is the share that it calls positive."),
        ],
        explanation=f"There are {t.counts}: {t.tp} / ({t.tp} + {t.fn}) = {t.recall:.3f}.",
        places=3,
    )


@template(topic="evaluation", difficulty=0.45)
def specificity_from_counts(d: Draw) -> Question:
    """Specificity from a confusion matrix."""
    t = _Table(d)
    return Question(
        stem=f"{t.stem} What is its specificity?",
        key=t.key("specificity"),
        second=1 - t.fp / (t.tn + t.fp),
        wrong=[
            *_others(t, "specificity"),
            Wrong("false alarms", t.fp / (t.tn + t.fp), "That is the share of false alarms among the negative ones."),
            Wrong("of all", t.tn / t.all, "Divide by the negative ones, not by all."),
            Wrong("negative side", t.negative, "Divide by those that are negative, not by those called negative."),
        ],
        explanation=f"There are {t.counts}: {t.tn} / ({t.tn} + {t.fp}) = {t.specificity:.3f}.",
        places=3,
    )


@template(topic="evaluation", difficulty=0.5)
def f1_from_counts(d: Draw) -> Question:
    """F1 score from a confusion matrix."""
    t = _Table(d)
    d.need(abs(t.precision - t.recall) > 0.1)
    return Question(
        stem=f"{t.stem} What is its F1 score?",
        key=t.key("f1"),
        second=2 * t.tp / (2 * t.tp + t.fp + t.fn),
        wrong=[
            *_others(t, "f1"),
            Wrong(
                "arithmetic mean",
                (t.precision + t.recall) / 2,
                "F1 is the harmonic mean of precision and recall, not the arithmetic one.",
            ),
            Wrong(
                "geometric mean",
                (t.precision * t.recall) ** 0.5,
                "F1 is the harmonic mean of precision and recall, not the geometric one.",
            ),
            Wrong("not doubled", t.f1 / 2, "You forgot the factor 2."),
            Wrong("product", t.precision * t.recall, "Divide twice the product by the sum."),
            Wrong(
                "overlap", t.tp / (t.tp + t.fp + t.fn), "True positives count twice in F1; this is the Jaccard index."
            ),
        ],
        explanation=f"There are {t.counts}: 2·{t.tp} / (2·{t.tp} + {t.fp} + {t.fn}) = {t.f1:.3f}.",
        places=3,
    )


@template(topic="evaluation", difficulty=0.5)
def balanced_accuracy_from_counts(d: Draw) -> Question:
    """Balanced accuracy from a confusion matrix."""
    t = _Table(d)
    decisions = [1] * t.tp + [0] * t.fn, [1] * t.tn + [0] * t.fp
    return Question(
        stem=f"{t.stem} What is its balanced accuracy?",
        key=t.key("balanced"),
        second=float(np.mean([np.mean(row) for row in decisions])),
        wrong=[
            *_others(t, "balanced"),
            Wrong(
                "precisions",
                (t.precision + t.negative) / 2,
                "Take the mean of the two recalls, not of the two precisions.",
            ),
            Wrong("precision and recall", (t.precision + t.recall) / 2, "Take the recall of each class."),
            Wrong("balanced error", 1 - (t.recall + t.specificity) / 2, "That is the mean of the two error rates."),
            Wrong("product", t.recall * t.specificity, "Take the mean of the two recalls, not their product."),
            Wrong("not halved", t.recall + t.specificity - 1, "Take the mean of the two recalls."),
        ],
        explanation=f"There are {t.counts}; the recalls {t.recall:.3f} and {t.specificity:.3f} have the mean "
        f"{(t.recall + t.specificity) / 2:.3f}.",
        places=3,
    )
