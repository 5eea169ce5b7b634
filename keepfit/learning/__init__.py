"""How a network learns: the one loop, its optimiser and schedule, the device, the checkpoint that a kill leaves."""
