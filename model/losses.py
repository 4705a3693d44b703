"""What training minimises: cross-entropy of partly labelled rows, and how far two readings of a row differ."""

import torch
from torch import nn
from torch.nn.functional import logsigmoid

from model.card import Group


def loss(
    logits: torch.Tensor, target: torch.Tensor, weight: torch.Tensor, group: Group, factor: torch.Tensor | None = None
) -> torch.Tensor:
    """The weighted sum over rows of the cross-entropy against soft targets (rows, labels); unlabelled rows weigh 0.

    In a sigmoid group a target of NaN is a label that is not known, and costs nothing. ``factor`` (rows, labels or 1)
    multiplies what each label of each row costs.
    """
    if group.kind == "softmax":
        losses = -(target * torch.log_softmax(logits, dim=1))
    else:
        losses = nn.functional.binary_cross_entropy_with_logits(logits, target.nan_to_num(), reduction="none")
        losses = losses.masked_fill(target.isnan(), 0.0)
    if factor is not None:
        losses = losses * factor
    return (losses.sum(dim=1) * weight).sum()


def divergence(one: torch.Tensor, other: torch.Tensor, weight: torch.Tensor, group: Group) -> torch.Tensor:
    """The mean of KL(one || other) and KL(other || one), each of ``weight`` (rows, labels or 1), summed over the rows.

    Of two logits (rows, labels): between distributions over the labels, or for a sigmoid group between those of each
    label by itself. The regulariser of Liang et al. 2021, R-Drop: Regularized Dropout for Neural Networks.
    """
    if group.kind == "softmax":
        # Label by label the sum of both directions is (p - q)(log p - log q).
        gaps = (one.softmax(dim=1) - other.softmax(dim=1)) * (one.log_softmax(dim=1) - other.log_softmax(dim=1))
    else:
        held, absent = logsigmoid(one) - logsigmoid(other), logsigmoid(-one) - logsigmoid(-other)
        gaps = (one.sigmoid() - other.sigmoid()) * (held - absent)
    return (gaps * weight).sum() / 2
