"""Rows between a source and a batch: the formats they come in, who a row is, pictures, snapshots, shards, the feed."""
