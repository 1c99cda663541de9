"""The graded names, gathered from two modules."""

from losses import (
    d_loss,
    d_loss_smoothed,
    g_loss_minimax,
    g_loss_nonsaturating,
    hinge_d_loss,
    hinge_g_loss,
    ls_d_loss,
    ls_g_loss,
    w_critic_loss,
    w_g_loss,
)
from players import d_objective, g_objective, gradient_penalty, train_step

__all__ = [
    "d_loss", "d_loss_smoothed", "d_objective", "g_loss_minimax", "g_loss_nonsaturating", "g_objective",
    "gradient_penalty", "hinge_d_loss", "hinge_g_loss", "ls_d_loss", "ls_g_loss", "train_step", "w_critic_loss",
    "w_g_loss",
]  # fmt: skip
