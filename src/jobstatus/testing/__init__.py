"""What tests of jobstatus are made of, for its own and for those of back ends that others write."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "jobstatus.testing.stores", "jobstatus.testing.store_machine", "jobstatus.testing.service_machine"
)
