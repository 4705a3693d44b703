"""Records of training runs: what a run was given and how it went, and who else shows its curves."""
