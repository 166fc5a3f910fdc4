"""What the benchmarks share: studies, clients and participants, peers, and the timing of them."""
