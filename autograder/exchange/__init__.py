"""Results and marks in the formats of other programs: one small file each, pure functions to text."""
