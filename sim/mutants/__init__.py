"""Is the judge awake?  Changes to the real program, each a way real code goes wrong.

They stand in the ``*.toml`` beside this file; ``python -m sim.mutants`` drives the explorer's
shifts through each of them until a check speaks up.
"""
