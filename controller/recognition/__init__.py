"""Recognition beside the scan: frames go in, what was seen in them comes back as facts."""
