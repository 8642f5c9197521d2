"""Picture metrics: PSNR, SSIM (Wang et al., 2004) and the Frechet distance of features (Heusel et al., 2017)."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def psnr(made: Tensor, wanted: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of each picture of [B,3,H,W] in -1...1."""
    error = (made.clamp(-1, 1) - wanted).square().mean((1, 2, 3)) / 4
    return -10 * torch.log10(error + 1e-10)


def ssim(made: Tensor, wanted: Tensor) -> Tensor:
    """Structural similarity of each picture: 11x11 Gaussian window of 1.5 pixels, on 0...1, mean over channels."""
    place = torch.arange(11, device=made.device) - 5
    bell = torch.exp(-(place**2) / (2 * 1.5**2))
    window = (bell / bell.sum()).outer(bell / bell.sum())[None, None].expand(3, 1, 11, 11)

    def blur(x: Tensor) -> Tensor:
        return F.conv2d(x, window, groups=3)

    a, b = made.clamp(-1, 1) / 2 + 0.5, wanted / 2 + 0.5
    mean_a, mean_b = blur(a), blur(b)
    var_a, var_b, both = blur(a * a) - mean_a**2, blur(b * b) - mean_b**2, blur(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    score = (2 * mean_a * mean_b + c1) * (2 * both + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    return score.mean((1, 2, 3))


def frechet(a: np.ndarray, b: np.ndarray) -> float:
    """Frechet distance of the Gaussians through two sets of features [n,D]."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    gap = a.mean(0) - b.mean(0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    # tr sqrt(A B) is the sum of the roots of the eigenvalues of sqrt(A) B sqrt(A), which is symmetric.
    values, vectors = np.linalg.eigh(cov_a)
    root = vectors * np.sqrt(values.clip(min=0)) @ vectors.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ cov_b @ root).clip(min=0)).sum()
    return float(gap @ gap + np.trace(cov_a) + np.trace(cov_b) - 2 * cross)


def interval(share: float, count: int) -> float:
    """Half the width of the 95 % interval of a share measured on `count` samples."""
    return 1.96 * math.sqrt(max(share * (1 - share), 1e-9) / max(1, count))
