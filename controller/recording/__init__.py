"""What the box adds to a record: raw counts, rule tables, papers, and whether it is evidence."""
