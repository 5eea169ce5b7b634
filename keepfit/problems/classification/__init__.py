"""One of K classes."""
