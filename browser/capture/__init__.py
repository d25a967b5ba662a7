"""Ways of hearing the answer. Each is installed on one tab and feeds one `Hearing` a run."""
