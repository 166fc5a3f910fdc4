"""The networks of the learned explainers: SepFormer, UNets, NMF and transposed convolutions."""
