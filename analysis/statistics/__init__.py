"""Statistics of plain arrays: intervals, effect sizes, resampling, variance components."""
