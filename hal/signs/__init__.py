"""Wire signs: one driver that holds a level, and a codec for each family."""
