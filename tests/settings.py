"""What all stacks share in the tests of their definitions: a plain dev, and a prod with keys of its own."""

from __future__ import annotations

from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.dr import dr_flags

from tests.conftest import ROOT

STACKS = ROOT / "terraform/stacks"
ACCOUNT = "123456789012"
TAGS = {"Service": "site-builder"}
KEY = f"arn:aws:kms:af-south-1:{ACCOUNT}:key/1"
REPLICA_KEY = f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/2"
BOUNDARY = {"permissions_boundary_arn": f"arn:aws:iam::{ACCOUNT}:policy/boundary"}
POOL = f"arn:aws:cognito-idp:eu-west-1:{ACCOUNT}:userpool/eu-west-1_A"
BUCKET = f"site-builder-sites-dev-{ACCOUNT}-eu-west-1"


def _settings(
    environment: str, region: str, replica: str | None, key: str = "", replica_key: str = ""
) -> dict[str, Any]:
    return {
        "context": {
            "service": "site-builder",
            "environment": environment,
            "region": region,
            "replica_region": replica,
            "account_id": ACCOUNT,
        },
        "dr": dr_flags(environment, region, replica),
        "tags": TAGS,
        "kms_key_arn": key,
        "lift_protection": False,
        "replica_kms_key_arn": replica_key,
        "bedrock_region": "eu-west-1",
        "bedrock_routed_regions": ["eu-west-3"],
        "cognito_user_pool_arns": [POOL],
        "alert_emails": ["team@example.com"],
        "public_values": ["model", "eu-west-1", "*"],
    }


DEV = _settings("dev", "eu-west-1", None)
PROD = _settings("prod", "af-south-1", "eu-west-1", KEY, REPLICA_KEY)
