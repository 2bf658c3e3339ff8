"""A disk that loses power: what a program does to a folder is logged, and what a cut may leave."""
