"""An AI Studio of its own: page, RPCs, sign-in, uploads and faults, for the demo and the tests."""
