"""A plan as plan.json tells it: prod, with something of everything."""

from __future__ import annotations

from typing import Any

ALERTS = 'module.monitoring["site-builder"].aws_cloudwatch_metric_alarm'


def change(path: str, before: Any, after: Any, forces_replacement: bool = False) -> dict[str, Any]:
    return {"path": path, "before": before, "after": after, "forces_replacement": forces_replacement}


def resource(
    address: str, action: str, *changes: dict[str, Any], reason: str = "", widening: list[str] | None = None
) -> dict[str, Any]:
    module, _, rest = address.rpartition("].")
    return {
        "address": address,
        "module": f"{module}]" if module else "",
        "type": rest.split(".")[0],
        "action": action,
        "reason": reason,
        "changes": list(changes),
        "widening": widening or [],
    }


def stack(name: str, wave: int, depends_on: list[str], resources: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    counts = {
        column: sum(r["action"] == action for r in resources)
        for action, column in {
            "create": "created",
            "update": "updated",
            "replace": "replaced",
            "delete": "deleted",
        }.items()
    }
    return {
        "name": name,
        "wave": wave,
        "depends_on": depends_on,
        "result": "planned" if resources else "unchanged",
        "reason": "",
        "counts": counts,
        "stateful": [],
        "imported": [],
        "upstream_assumed": [],
        "resources": resources,
        "outputs": [],
        **more,
    }


def example() -> dict[str, Any]:
    agents = 'module.tables["agents"].aws_dynamodb_table.this'
    return {
        "service": "site-builder",
        "environment": "prod",
        "account_id": "333333333333",
        "region": "af-south-1",
        "replica_region": "eu-west-1",
        "target": "aws",
        "id": "20261125T133010Z-5c0f2a",
        "sha256": "9f2c0d4be3f1a77a6f0d2b86f5dd4c1e0b7a0f6f2f2f4d4c6bb0cc1f77a0e3d1",
        "commit": "24fbcdbf2a96a3b8f3cf1b2f4e1f6f0d5b7a9c11",
        "dirty": False,
        "created": "2026-11-25T13:30:42.104233Z",
        "expires": "2026-11-26T13:30:42.104233+00:00",
        "created_by": "arn:aws:sts::333333333333:assumed-role/site-builder-plan/reviewer",
        "terraform_version": "1.11.4",
        "stacks": [
            stack(
                "dynamodb",
                0,
                [],
                [
                    resource(
                        agents,
                        "replace",
                        change(
                            "arn",
                            f"arn:aws:dynamodb:af-south-1:333333333333:table/site-builder-{'agents'}-prod",
                            "(known after apply)",
                        ),
                        change("range_key", "agent_id", "created_at", forces_replacement=True),
                        change("attribute[name=created_at]", None, {"name": "created_at", "type": "S"}),
                        reason="it cannot be changed in place; the old one is deleted first",
                    ),
                    resource(
                        'module.tables["jobs"].aws_dynamodb_table.this',
                        "update",
                        change("ttl[0].enabled", False, True),
                        change("ttl[0].attribute_name", None, "expires_at"),
                    ),
                ],
                stateful=[agents],
                outputs=[{"name": "details", "action": "update"}],
            ),
            stack(
                "s3",
                0,
                [],
                [
                    resource(
                        'module.buckets["sites"].aws_s3_bucket_policy.this',
                        "update",
                        change(
                            "policy.Statement[Sid=ReadByCloudFront].Condition.StringEquals.AWS:SourceArn",
                            "arn:aws:cloudfront::333333333333:distribution/E1EXAMPLE",
                            "arn:aws:cloudfront::333333333333:distribution/E2EXAMPLE",
                        ),
                        change(
                            "policy.Statement[Sid=Read].Action", ["s3:GetObject"], ["s3:GetObject", "s3:ListBucket"]
                        ),
                        widening=[
                            "allows s3:ListBucket on arn:aws:s3:::site-builder-sites-prod to arn:aws:iam::333333333333:role/ci"
                        ],
                    )
                ],
                drift=[
                    {
                        "address": 'module.buckets["sites"].aws_s3_bucket_policy.this',
                        "type": "aws_s3_bucket_policy",
                        "action": "updated",
                        "changes": [change("policy.Statement[Sid=ReadByCloudFront].Condition", None, {})],
                    }
                ],
            ),
            stack("iam", 1, ["dynamodb", "s3"], []),
            stack(
                "lambda",
                2,
                ["s3", "iam"],
                [
                    resource(
                        'module.lambda["agents"].aws_lambda_function.this',
                        "update",
                        change("environment[0].variables.API_TOKEN", "(masked)", "(masked)"),
                        change("memory_size", 256, 512),
                        change(
                            "qualified_arn",
                            "arn:aws:lambda:af-south-1:333333333333:function:site-builder-agents-prod:7",
                            "(known after apply)",
                        ),
                        change(
                            "source_code_hash",
                            "u8iw4LuUUWx4/p9OOU5sN4saN7/YByEHRsbOG4Bs5jI=",
                            "k1v8cZQwS5zM0bE0x2mJ3T2t5Ck8nD5q0Y8n8c4yW0A=",
                        ),
                    ),
                ],
            ),
            stack("api_gateway", 3, ["lambda"], []),
            stack(
                "monitoring",
                4,
                ["dynamodb", "s3", "lambda", "api_gateway"],
                [
                    resource(
                        f'{ALERTS}.this["agents-throttles"]',
                        "create",
                        change("alarm_actions", None, "(known after apply)"),
                        change("alarm_name", None, "site-builder-agents-throttles-prod"),
                        change("arn", None, "(known after apply)"),
                        change("dimensions", None, {"FunctionName": "site-builder-agents-prod"}),
                        change("id", None, "(known after apply)"),
                        change("threshold", None, 1),
                    ),
                    resource(
                        f'{ALERTS}.this["agents-errors-old"]',
                        "delete",
                        change("alarm_name", "site-builder-agents-errors-old-prod", None),
                        change("threshold", 5, None),
                        reason="its key is no longer in the definition",
                    ),
                ],
                upstream_assumed=[],
            ),
        ],
    }


def large() -> dict[str, Any]:
    """378 changes, as a first deploy beside a service that is rebuilt: long policies, long lists, much that is lost."""
    report = example()
    policy = {"Statement": [{"Sid": f"S{n}", "Action": ["s3:Get*"], "Resource": "*"} for n in range(20)]}
    for number, stack_ in enumerate(report["stacks"]):
        name = f'module.things["{stack_["name"]}-of-the-service"]'
        told = [
            resource(
                f'{name}.aws_iam_role_policy.this["with-a-rather-long-key-{n}"]',
                action,
                change("policy", policy if action != "create" else None, policy if action != "delete" else None),
                change("names", [f"n{i}" for i in range(60)], [f"n{i}" for i in range(1, 61)]),
                change("tags.Owner", "somebody", "somebody else"),
                widening=["allows s3:Get* on *"] if action == "update" else [],
            )
            for action, times in (("create", 30), ("update", 18), ("replace", 9), ("delete", 6))
            for n in range(times)
        ]
        lost = [r["address"] for r in told if r["action"] in ("delete", "replace")]
        report["stacks"][number] = stack(stack_["name"], stack_["wave"], stack_["depends_on"], told, stateful=lost)
    return report


def huge() -> dict[str, Any]:
    """The first deployment of a service of 1,000 functions, each with 24 resources of 14 attributes."""
    report = example()
    for number, stack_ in enumerate(report["stacks"]):
        made = [
            resource(
                f'module.{stack_["name"]}["function-{function:04}"].aws_thing.this["{part}"]',
                "create",
                *(
                    change(f"attribute_{n}", None, f"arn:aws:service:af-south-1:333333333333:thing/{n}")
                    for n in range(14)
                ),
            )
            for function in range(1000)
            for part in range(4)
        ]
        report["stacks"][number] = stack(stack_["name"], stack_["wave"], stack_["depends_on"], made)
    return report
