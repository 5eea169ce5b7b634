"""What several kinds have in common: columns of numbers, and columns of codes."""
