"""Site files that come with the package: the simulated yard and the recorded one."""
