"""The explorer: seeds deal shifts full of trouble, the judge looks on, failures are made small."""
