"""OpenAI's chat protocol: what is accepted, how it is read, how answers are written."""
