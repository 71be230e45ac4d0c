"""Credentials that a demonstration fills in for whoever looks at its reference."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

_CREDENTIALS = TypeAdapter(dict[str, dict[str, str]])
"""By contract and security scheme."""

log = structlog.get_logger()


def prefilled(file: Path | None, contract: str) -> dict[str, str]:
    """Read the credentials of a contract anew, by security scheme: none if no file is named or it cannot be read."""
    if file is None:
        return {}
    try:
        return _CREDENTIALS.validate_json(file.read_bytes()).get(contract, {})
    except OSError as error:
        log.warning("docs credentials cannot be read", file=str(file), reason=error.strerror)
    except ValidationError:  # what it quotes may be secret
        log.warning("docs credentials are not a JSON object of credentials by contract and scheme", file=str(file))
    return {}
