"""The sheet before it is read: where it lies in its scan, which way up, of what kind; ink and paper."""
