"""Numbers in four bits: rows in blocks of 32, each with a scale in fp16, so 4.5 bits a number (as Dettmers et al. 2023, QLoRA).

The steps are even, -7 to 7 times the scale, since what is kept so here is near to normal within a block.
"""

import torch
from torch.nn.functional import pad

BLOCK = 32
MOST = 7


def quantize(values: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Codes (rows, blocks * 16), two in a byte, and scales (rows, blocks) in fp16 of ``values`` (rows, width).

    The last block is filled up with zeros.
    """
    rows, width = values.shape
    blocks = pad(values.double(), (0, -width % BLOCK)).view(rows, -1, BLOCK)
    scales = (blocks.abs().amax(dim=2) / MOST).half()
    steps = blocks / scales.double().clamp_min(torch.finfo(torch.float16).tiny).unsqueeze(2)
    codes = (steps.round().clamp(-MOST, MOST) + MOST).to(torch.uint8).view(rows, -1, 2)
    return codes[:, :, 0] * 16 + codes[:, :, 1], scales


def dequantize(codes: torch.Tensor, scales: torch.Tensor) -> torch.Tensor:
    """The values (rows, blocks * 32) in fp32 that `quantize` made ``codes`` and ``scales`` of, the zeros at the end too."""
    steps = torch.stack([codes // 16, codes % 16], dim=2).float() - MOST
    return (steps.view(*scales.shape, BLOCK) * scales.float().unsqueeze(2)).flatten(1)
