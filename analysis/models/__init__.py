"""What is reported about ratings: MOS, comparisons, screening, reliability, power."""
