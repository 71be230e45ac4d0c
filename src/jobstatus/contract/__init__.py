"""The spec at work: what it says is read once, and every request and answer is held to it."""

from __future__ import annotations

import warnings

with warnings.catch_warnings():
    # Connexion imports names that Starlette and jsonschema have deprecated; whoever runs the server cannot help it.
    warnings.simplefilter("ignore")
    import connexion  # noqa: F401
