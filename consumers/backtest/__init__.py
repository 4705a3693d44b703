"""Backtesting: the pipeline at another speed, in one process, and its alerts held against labelled events."""
