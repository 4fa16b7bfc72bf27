"""A plugin that makes pytest start quicker: it must come before those that read notebooks.

jsonschema, with which notebooks are validated, loads a grammar of international web addresses where
it is installed. That takes longer than all else together, and a notebook's schema has no addresses.
"""

import sys

sys.modules["rfc3987_syntax"] = None  # import says that there is no such module
