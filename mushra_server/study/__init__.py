"""The study being served: pages, blinded files and scales."""
