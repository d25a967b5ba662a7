"""litellm would ask another machine for its price list when it is imported."""

import os

os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
