"""Baselines that need no training: from the classifier's gradients, or its answers to changed pictures."""
