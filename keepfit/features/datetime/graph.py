"""The nodes that this kind's columns share with others of their group."""

from keepfit.features.shared.numeric_graph import TYPE, joined, nodes, source

__all__ = ["TYPE", "joined", "nodes", "source"]
