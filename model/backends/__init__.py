"""What computes a pack's encoder: one abstract backend, one file for each real one, all registered in ``choice``."""
