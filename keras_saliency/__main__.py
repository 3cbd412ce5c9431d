"""`python -m keras_saliency`: the command line."""

import sys

from keras_saliency.cli import main

sys.exit(main())
