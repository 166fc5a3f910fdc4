"""Hyper-parameters: one model per kind of run, and the presets that fill it."""
