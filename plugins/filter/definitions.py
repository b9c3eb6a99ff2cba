# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters from a service definition to a stack's variables; each is documented in its own .yml."""

from __future__ import annotations

from collections.abc import Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.bbws.site_builder.plugins.module_utils.errors import translate
from ansible_collections.bbws.site_builder.plugins.module_utils.stacks import define as definitions


class FilterModule:
    """One filter per stack."""

    def filters(self) -> dict[str, Callable]:
        return translate(
            {
                "api_gateway_stack": definitions.api_gateway_stack,
                "dynamodb_stack": definitions.dynamodb_stack,
                "iam_stack": definitions.iam_stack,
                "lambda_packages": definitions.lambda_packages,
                "lambda_stack": definitions.lambda_stack,
                "monitoring_stack": definitions.monitoring_stack,
                "s3_stack": definitions.s3_stack,
            },
            AnsibleFilterError,
        )
