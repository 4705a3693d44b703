"""Judging packs: figures, calibration, pictures, leakage, comparison, robustness and bias on labelled texts."""
