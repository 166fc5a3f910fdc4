"""Run folders: what is written after a training, and how it is read back."""
