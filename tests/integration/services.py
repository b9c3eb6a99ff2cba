"""Random service definitions that are right: any of the fields, any value within the limits, all references true."""

from __future__ import annotations

import json
import string
from random import Random
from typing import Any

from ansible_collections.bbws.site_builder.plugins.module_utils.names import ENVIRONMENTS

LETTERS = string.ascii_lowercase + string.digits
# Free text goes to AWS as it is; nothing may take it for a template.
TEXTS = ["", "plain", "${path.module} %{ if true } $${x}", "{{ nothing }}", 'tab\t"quotes" \\ back', "äöü £", "on", "1"]
RETENTION = [1, 30, 365, 3653]
ARCHITECTURES = ["arm64", "x86_64"]
RUNTIMES = ["python3.12", "python3.13", "nodejs22.x"]


class Services(Random):
    """Makes one service after the other."""

    def word(self, low: int = 2, high: int = 12) -> str:
        length = self.randint(low, high)
        return self.choice(string.ascii_lowercase) + "".join(self.choices(LETTERS, k=length - 1))

    def key(self, separators: str = "-_") -> str:
        """Most keys are short; some are so long that their names must be shortened."""
        words = self.choice([1, 1, 2, 3, 8])
        return self.choice(separators).join(self.word() for _ in range(words))

    def keys(self, low: int, high: int, separators: str = "-_") -> list[str]:
        # Distinct in every alphabet, which a name may be told in.
        found = {
            key.lower().replace("_", "-"): key for key in (self.key(separators) for _ in range(self.randint(low, high)))
        }
        return list(found.values())

    def some(self, **fields: Any) -> dict[str, Any]:
        """Each field now and then."""
        return {name: value for name, value in fields.items() if self.random() < 0.3}

    def flag(self) -> bool:
        return self.random() < 0.5

    def subset(self, items: list[Any], low: int = 0) -> list[Any]:
        return self.sample(items, self.randint(min(low, len(items)), len(items)))

    def service(self) -> dict[str, Any]:
        """The values of the shared variables and the definitions, as an inventory would have them."""
        values = self.shared()
        dr, key = values["site_builder_dr"].get("enabled", False), bool(values["site_builder_kms_key_arn"])
        replicated = dr or ENVIRONMENTS[values["site_builder_environment"]].production
        tables = {name: self.table(replicated) for name in self.keys(1, 2, "-_.")}
        buckets = {
            name: self.bucket(replicated) for name in ["artifacts", *(self.keys(1, 1) if self.random() < 0.3 else [])]
        }
        if self.random() < 0.3:
            buckets["logs"] = {"replicate": False, "customer_key": False}
            buckets["artifacts"]["access_logging"] = {"bucket": "logs"}
        layers = {name: self.layer() for name in self.keys(0, 1)}
        api_keys = self.keys(0, 1)
        # Whoever waits behind an API waits for seconds.
        longest = 10 if api_keys else 900
        functions = {name: self.function(tables, buckets, layers, longest) for name in self.keys(1, 2)}
        apis, documents = {}, {}
        for name in api_keys:
            apis[name], documents[f"{name}.yaml"] = self.api(f"{name}.yaml", list(functions))
        return {
            "values": values,
            "documents": documents,
            "definitions": {
                "dynamodb_tables": tables,
                "s3_buckets": buckets,
                "iam_roles": {name: self.role(list(tables), list(buckets), one) for name, one in functions.items()},
                "lambda_functions": functions,
                "lambda_layers": layers,
                "api_gateway_apis": apis,
                "monitoring_options": self.monitoring(list(functions), key),
            },
        }

    def shared(self) -> dict[str, Any]:
        environment = self.choice(list(ENVIRONMENTS))
        region, replica = self.sample(["eu-west-1", "af-south-1", "us-east-1", "ap-southeast-2"], 2)
        account = "".join(self.choices(string.digits, k=12))
        dr: dict[str, Any] = self.some(log_retention_days=self.choice([90, 365, 3653]), alarms={"lambda_errors": 7})
        if not ENVIRONMENTS[environment].production and self.flag():
            dr["enabled"] = True
        keyed = self.random() < 0.3
        arns = [f"arn:aws:kms:{where}:{account}:key/1234-abcd" if keyed else "" for where in (region, replica)]
        return {
            "site_builder_target": "aws",
            "site_builder_service": self.word(2, 24),
            "site_builder_environment": environment,
            "site_builder_account_id": account,
            "site_builder_region": region,
            "site_builder_replica_region": replica,
            "site_builder_bedrock_region": "eu-west-1",
            "site_builder_bedrock_inference_profile": "eu.anthropic.claude-v1:0",
            "site_builder_cors_origin": "*",
            "site_builder_lift_protection": self.flag(),
            "site_builder_dr": dr,
            "site_builder_tags": self.some(**{"Cost Centre": "a/b+c=d", "Owner": "täam@example.com"}),
            "site_builder_kms_key_arn": arns[0],
            "site_builder_replica_kms_key_arn": arns[1],
            "site_builder_bedrock_routed_regions": [],
            "site_builder_permissions_boundary_arn": f"arn:aws:iam::{account}:policy/boundary" if keyed else "",
            "site_builder_cognito_user_pool_arns": [
                f"arn:aws:cognito-idp:{region}:{account}:userpool/{region}_{self.word()}"
            ],
            "site_builder_alert_emails": [f"{self.word()}@{self.word()}.example" for _ in range(self.randint(0, 2))],
        }

    def attribute(self, names: list[str]) -> dict[str, str]:
        """Each attribute has one type, that of its first letter."""
        name = self.choice(names)
        return {"name": name} if name[0] == "s" else {"name": name, "type": name[0].upper()}

    def projection(self) -> dict[str, Any]:
        kind = self.choice(["ALL", "KEYS_ONLY", "INCLUDE"])
        return {"projection_type": kind} | ({"non_key_attributes": ["a", "b-c"]} if kind == "INCLUDE" else {})

    def table(self, replicated: bool) -> dict[str, Any]:
        names = [letter + self.word(1, 6) for letter in "snbsnbsn"]
        names = sorted(set(names))
        self.shuffle(names)
        table: dict[str, Any] = {"hash_key": self.attribute(names[:1])}
        if self.flag():
            table["range_key"] = self.attribute(names[1:2])
            table["local_secondary_indexes"] = [
                {"name": f"lsi_{n}", "range_key": self.attribute(names[2:4]), **self.projection()}
                for n in range(self.randint(0, 2))
            ]
        table["global_secondary_indexes"] = [
            {"name": f"gsi.{n}-{self.word()}", "hash_key": self.attribute(names[:3]), **self.projection()}
            | self.some(range_key=self.attribute(names[3:]))
            for n in range(self.randint(0, 2))
        ]
        statement = {"Effect": "Deny", "Principal": "*", "Action": "dynamodb:DeleteTable", "Resource": "*"}
        policy = {"Version": "2012-10-17", "Statement": [statement]}
        views = ["NEW_AND_OLD_IMAGES"] if replicated else ["KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES"]
        return table | self.some(
            deletion_protection=self.flag(),
            resource_policy_json=json.dumps(policy),
            stream_view_type=self.choice(views),
            table_class=self.choice(["STANDARD", "STANDARD_INFREQUENT_ACCESS"]),
            ttl_attribute="expires_at",
            ttl_enabled=True,
        )

    def bucket(self, replicated: bool) -> dict[str, Any]:
        days = self.randint(30, 400)
        rules = [
            {
                "id": "old",
                "noncurrent_version_expiration_days": days,
                "newer_noncurrent_versions": self.randint(1, 100),
            },
            {"id": "cold", "prefix": "a/", "transitions": [{"days": days, "storage_class": "STANDARD_IA"}]},
            {
                "id": "gone",
                "expiration_days": days,
                "tags": {"k": "v"},
                "object_size_greater_than": 1,
                "enabled": self.flag(),
            },
            {"id": "markers", "expired_object_delete_marker": True},
        ]
        cors = {"allowed_origins": ["https://*.example.com"], "allowed_methods": self.subset(["GET", "PUT", "POST"], 1)}
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": "arn:aws:s3:::*/${aws:username}",
        }
        return self.some(
            abort_multipart_days=self.randint(1, 30),
            bucket_key=self.flag(),
            cors_rules=[cors | self.some(max_age_seconds=600, allowed_headers=["*"], expose_headers=["ETag"])],
            eventbridge=True,
            force_destroy=self.flag(),
            lifecycle_rules=self.subset(rules),
            oac=self.some(
                list_bucket=True, distribution_arns=["arn:aws:cloudfront::123456789012:distribution/EDFDVBD6EXAMPLE"]
            ),
            policy_statements=[json.dumps(statement)],
            customer_key=self.flag(),
            versioning="Enabled" if replicated else self.choice(["Enabled", "Suspended"]),
        )

    def role(self, tables: list[str], buckets: list[str], function: dict[str, Any]) -> dict[str, Any]:
        grants = [{"bucket": bucket} | self.some(prefixes=["a/", "b"]) for bucket in self.subset(buckets)]
        read = self.subset(tables)
        bedrock = self.some(
            model_ids=["amazon.nova-lite-v1:0"],
            inference_profiles=["eu.anthropic.claude-sonnet-4-5-20250929-v1:0"],
            routed_regions=["eu-central-1"],
            streaming=True,
            region="us-east-1",
        )
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "*"}
        role = self.some(
            bedrock=bedrock,
            description=self.choice(TEXTS),
            dynamodb={"read": read, "write": self.subset(tables), "scan": bool(read) and self.flag()},
            extra_statements=json.dumps([statement]),
            failure_target_arns=["arn:aws:sqs:eu-west-1:123456789012:failed"],
            managed_policy_arns={"insights": "arn:aws:iam::aws:policy/CloudWatchLambdaInsightsExecutionRolePolicy"},
            max_session_duration=self.randint(3600, 43_200),
            path="/service/",
            permissions_boundary_arn="arn:aws:iam::123456789012:policy/boundary",
            s3={"read": grants, "write": grants[:1]},
            vpc=self.flag(),
            xray=self.flag(),
        )
        # What the function is set up with, it must be allowed.
        if "vpc" in function:
            role["vpc"] = True
        if "xray" in role and function.get("tracing_mode") != "PassThrough":
            role["xray"] = True
        for target in (function.get("dead_letter_target_arn"), function.get("async", {}).get("on_failure_arn")):
            others = role.get("failure_target_arns", [])
            if target and target not in others:
                role["failure_target_arns"] = [*others, target]
        return role

    def function(self, tables: dict, buckets: dict, layers: dict, longest: int) -> dict[str, Any]:
        reserved = self.choice([-1, 0, 5, 100])
        target = "arn:aws:sns:eu-west-1:123456789012:failed"
        code = {"source": "/srv/code", "handler": f"{self.word()}.handler", "timeout": self.randint(1, longest)}
        function = code | self.some(
            allowed_triggers={"events": {"principal": "events.amazonaws.com", "source_account": "123456789012"}},
            architecture=self.choice(ARCHITECTURES),
            **{"async": self.some(maximum_retry_attempts=1, maximum_event_age=60, on_failure_arn=target)},
            bucket_names={"BUCKET": self.choice(list(buckets))},
            dead_letter_target_arn=target,
            description=self.choice(TEXTS),
            environment={f"V_{self.word()}": self.choice(TEXTS) for _ in range(3)},
            ephemeral_storage_size=self.randint(512, 10_240),
            layers=list(layers),
            log_level=self.choice(["TRACE", "INFO", "FATAL"]),
            memory_size=self.randint(128, 10_240),
            provisioned_concurrency=self.randint(0, 3) if reserved in (-1, 5, 100) else 0,
            reserved_concurrency=reserved if reserved else -1,
            runtime=self.choice(RUNTIMES),
            system_log_level=self.choice(["DEBUG", "INFO", "WARN"]),
            table_names={"TABLE": self.choice(list(tables))},
            tracing_mode=self.choice(["Active", "PassThrough"]),
            vpc={"subnet_ids": ["subnet-0a1b"], "security_group_ids": ["sg-0a1b"]},
        )
        for layer in layers.values() if "layers" in function else ():
            function["architecture"] = self.choice(layer.get("compatible_architectures") or ["arm64"])
            function["runtime"] = self.choice(layer.get("compatible_runtimes") or ["python3.12"])
        return function

    def layer(self) -> dict[str, Any]:
        layer = {"source": "/srv/layer"} | self.some(requirements="/srv/layer.txt")
        # What is built is built for one of each.
        most = 1 if "requirements" in layer else 2
        return layer | self.some(
            compatible_architectures=self.sample(ARCHITECTURES, self.randint(1, most)),
            compatible_runtimes=self.sample(RUNTIMES, self.randint(1, most)),
            description=self.choice(TEXTS),
        )

    def document(self, functions: list[str]) -> str:
        paths: dict[str, Any] = {}
        for path in self.sample(["/", "/sites", "/sites/{id}/pages/{page}", "/a.b/{proxy+}"], self.randint(1, 2)):
            names = [part.strip("{}+") for part in path.split("/") if part.startswith("{")]
            parameters = [
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names
            ]
            parameters += self.subset(
                [{"name": "q", "in": "query"}, {"name": "X-Trace", "in": "header", "required": True}]
            )
            paths[path] = {"parameters": parameters}
            for verb in self.sample(["get", "post", "delete"], self.randint(1, 2)):
                body = {"type": "object", "properties": {"n": {"type": "integer", "nullable": self.flag()}}}
                operation: dict[str, Any] = {
                    "x-site-builder-function": self.choice(functions),
                    "security": self.choice([[], [{"cognito": []}], [{"cognito": ["write"]}], [{"iam": []}]]),
                }
                if verb == "post":
                    operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
                paths[path][verb] = operation | self.some(**{"x-timeout": self.randint(10_000, 29_000)})
        schemes = {
            "cognito": {"type": "openIdConnect", "openIdConnectUrl": "https://example.com"},
            "iam": {
                "type": "apiKey",
                "in": "header",
                "name": "Authorization",
                "x-amazon-apigateway-authtype": "awsSigv4",
            },
        }
        return json.dumps({"openapi": "3.0.3", "paths": paths, "components": {"securitySchemes": schemes}})

    def api(self, document: str, functions: list[str]) -> tuple[dict[str, Any], str]:
        mock = {"path": "/mock", "method": "GET", "type": "MOCK", "authorization": "NONE", "responses": {"200": {}}}
        proxy = {
            "path": "/web",
            "method": "ANY",
            "type": "HTTP_PROXY",
            "uri": "https://example.com",
            "authorization": "NONE",
        }
        keyed = {"path": "/keyed", "method": "GET", "function": functions[0], "api_key_required": True}
        api = {"documents": [document]} | self.some(
            binary_media_types=["image/*"],
            cache=self.some(size=self.choice(["0.5", "237"]), ttl_seconds=self.randint(0, 3600)),
            cors={"origins": self.choice([["*"], ["https://a.example", "http://b.example:8080"]])}
            | self.some(headers=["Authorization"], max_age=self.randint(0, 86_400), methods=["GET", "POST"]),
            description=self.choice(TEXTS),
            logs=self.some(level=self.choice(["INFO", "ERROR", "OFF"]), retention_in_days=self.choice(RETENTION)),
            metrics_enabled=self.flag(),
            minimum_compression_size=self.randint(0, 10_485_760),
            routes={"mock": mock, "proxy": proxy},
            stage=self.word(),
            stage_variables={"a_b": "https://example.com/?x=1"},
            throttling=self.some(burst_limit=self.randint(0, 500), rate_limit=self.choice([0, 0.5, 100])),
            xray_tracing_enabled=self.flag(),
        )
        if self.random() < 0.3:
            api["usage_plan"] = {"name": self.word(), "api_key_names": ["one", "two"]} | self.some(
                quota_limit=1000, quota_period="WEEK", description=self.choice(TEXTS)
            )
            api["routes"] = {**api.get("routes", {}), "keyed": keyed}
        return api, self.document(functions)

    def monitoring(self, functions: list[str], key: bool) -> dict[str, Any]:
        periods = self.randint(1, 288)
        options = self.some(
            actions_enabled=self.flag(),
            bedrock_throttle_pattern="%Throttl%",
            disabled_alarms=["lambda_throttles"],
            log_metric_namespace="Site/Builder#1",
            notify=self.subset(["ALARM", "OK", "INSUFFICIENT_DATA"]),
            threshold_overrides={self.choice(functions): {"lambda_errors": self.randint(1, 9)}},
            thresholds={"lambda_error_percent": self.choice([0.5, 100]), "api_latency_p99_ms": self.randint(1, 9999)},
            topic_kms_deletion_window_days=self.randint(7, 30),
        )
        if not key and self.flag():
            options["topic_kms_alias"] = f"alias/{self.word()}"
        return options | {"evaluation_periods": periods, "datapoints_to_alarm": self.randint(1, periods)}
