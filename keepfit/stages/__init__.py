"""The seven stages. They never import each other: each gets all it needs by the artifacts of those before it."""
