"""Run gitops-gen as `python -m gitops_gen`."""

import sys

from gitops_gen.cli.main import main

sys.exit(main())
