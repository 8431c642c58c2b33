"""Run the command line as ``python -m sklearn_mtl``."""

import sys

from sklearn_mtl.cli import main

if __name__ == "__main__":
    sys.exit(main())
