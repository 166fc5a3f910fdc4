"""From explainers to a stimuli set; the only room that imports torch."""
