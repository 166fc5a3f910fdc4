"""The commands `train`, `import`, `explain` and `evaluate`."""
