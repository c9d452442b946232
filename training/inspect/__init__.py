"""`crossflag data inspect`: what a stranger's table holds, and the mapping that fits it.

`inspect_file` looks at a sample of the file; names and values together decide what each column is,
and what cannot be placed is carried as an attribute or left out with the reason.
"""

from training.inspect.inspection import Inspection, inspect_file

__all__ = ["Inspection", "inspect_file"]
