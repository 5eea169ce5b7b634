"""How a network learns: the one loop, the recipe it follows, the device, the checkpoint that a kill leaves."""
