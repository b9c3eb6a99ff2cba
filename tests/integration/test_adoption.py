"""A Terraform that is killed leaves nothing behind that the next run does not take over. Modules of every stack, in one root."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.module_utils.recovery.kinds import KINDS, Again

from tests.conftest import ROOT, clean_environment

TAGS = {"Service": "shop", "Environment": "dev", "ManagedBy": "Terraform"}
STATE = "terraform.tfstate"
MAIN = """
locals {
  tags = { Service = "shop", Environment = "dev", ManagedBy = "Terraform" }
}

module "tables" {
  source   = "./modules/dynamodb"
  for_each = toset(["agents"])

  table  = { name = "shop-${each.key}-dev", hash_key = { name = "id" } }
  region = "eu-west-1"
  tags   = local.tags
}

module "iam" {
  source   = "./modules/iam"
  for_each = toset(["a \\"key\\"].with [dots"])

  role = {
    name          = "shop-list-dev"
    log_group_arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/shop-list-dev"
  }
  account_id = "123456789012"
  region     = "eu-west-1"
  tags       = local.tags
}

resource "aws_lambda_layer_version" "this" {
  layer_name       = "shop-common-dev"
  s3_bucket        = "packages"
  s3_key           = "package.zip"
  source_code_hash = filebase64sha256("${path.root}/package.zip")

  lifecycle {
    create_before_destroy = true
  }
}

module "lambda" {
  source   = "./modules/lambda"
  for_each = toset(["list"])

  function = {
    name             = "shop-list-dev"
    handler          = "main.handler"
    artifact_bucket  = "packages"
    timeout          = 20
    layers           = ["common"]
    allowed_triggers = { events = { principal = "events.amazonaws.com", source_account = "123456789012" } }
  }
  package = {
    s3_key           = "package.zip"
    source_code_hash = filebase64sha256("${path.root}/package.zip")
  }
  role_arn    = values(module.iam)[0].arn
  buckets     = { packages = { name = "packages" } }
  layer_arns  = { common = aws_lambda_layer_version.this.arn }
  environment = "dev"
  tags        = local.tags
}

module "api" {
  source   = "./modules/api_gateway"
  for_each = toset(["main"])

  api = {
    name                   = "shop-main-dev"
    stage                  = "v1"
    cognito_user_pool_arns = ["arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_abc"]
    models                 = { Site = { schema = jsonencode({ type = "object" }) } }
    cors                   = { origins = ["*"] }
    usage_plan             = { name = "shop-main-dev", api_key_names = ["shop-partner-dev"] }

    routes = {
      list = { method = "GET", path = "/sites", function = "list" }
      mock = {
        method        = "POST"
        path          = "/sites/{siteId}"
        type          = "MOCK"
        authorization = "NONE"
        request_model = "Site"
        responses     = { "200" = {} }
      }
    }
  }
  functions = {
    list = {
      name       = module.lambda["list"].name
      alias      = module.lambda["list"].alias
      invoke_arn = module.lambda["list"].alias_invoke_arn
      timeout    = 20
    }
  }
  tags = local.tags
}

module "monitoring" {
  source = "./modules/monitoring"

  monitoring = {
    topic_name      = "shop-alerts-dev"
    topic_kms_alias = "alias/shop-alerts-dev"
    dashboard_name  = "shop-dev"
    emails          = ["a@example.com"]
  }
  region = "eu-west-1"
  tags   = local.tags
}

resource "aws_s3_bucket" "replica" {
  provider = aws.replica
  bucket   = "shop-assets-dev-123456789012-us-east-2"
  tags     = local.tags
}

resource "aws_cloudfront_origin_access_control" "this" {
  name                              = "shop-assets-dev"
  description                       = "Access to bucket shop-assets-dev"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}
"""


pytestmark = pytest.mark.long


class World:
    """An embedded AWS, and a root module that is deployed to it."""

    def __init__(self, path: Path, cli_config: Path) -> None:
        self.path, self.root = path, path / "root"
        self.plan_file, self.imports = path / "plan.tfplan", self.root / "imports.tf.json"
        self.env = clean_environment(
            path,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            NO_PROXY="127.0.0.1",
            PYTHONPATH=str(ROOT / ".collections"),
            TF_CLI_CONFIG_FILE=str(cli_config),
            TF_IN_AUTOMATION="1",
        )
        self.endpoints = self.local_aws("started")["endpoints"]
        self.env["AWS_ENDPOINT_URL"] = self.endpoints["default"]
        self.env["AWS_ENDPOINT_URL_DYNAMODB"] = self.endpoints["dynamodb"]

    def module(self, name: str, **options: Any) -> dict[str, Any]:
        """Run a module of the collection as Ansible does."""
        run = subprocess.run(
            [sys.executable, "-m", f"ansible_collections.bbws.site_builder.plugins.modules.{name}"],
            input=json.dumps({"ANSIBLE_MODULE_ARGS": options}),
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return json.loads(run.stdout.splitlines()[-1])

    def local_aws(self, state: str) -> dict[str, Any]:
        launcher = str(ROOT / "roles/local_aws/files/moto_server.py")
        return self.module("local_aws", work_dir=str(self.path / "work"), launcher=launcher, state=state)

    def client(self, service: str) -> Any:
        endpoint = self.endpoints.get(service, self.endpoints["default"])
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
        return boto3.client(service, region_name="eu-west-1", endpoint_url=endpoint, **keys)

    def lay_out(self, main: str = MAIN) -> None:
        self.root.mkdir()
        (self.root / "modules").symlink_to(ROOT / "terraform/modules")
        (self.root / "main.tf").write_text(main)
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w") as archive:
            archive.writestr(zipfile.ZipInfo("main.py"), "def handler(event, context): pass\n")
        (self.root / "package.zip").write_bytes(package.getvalue())
        s3 = self.client("s3")
        s3.create_bucket(Bucket="packages", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        s3.put_object(Bucket="packages", Key="package.zip", Body=package.getvalue())
        role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::123456789012:role/logs"}
        self.client("apigateway").update_account(patchOperations=[role])
        provider = {
            "access_key": "test",
            "secret_key": "test",
            "max_retries": 2,
            "s3_use_path_style": True,
            "skip_credentials_validation": True,
            "skip_metadata_api_check": True,
        }
        providers = [{**provider, "region": "eu-west-1"}, {**provider, "region": "us-east-2", "alias": "replica"}]
        required = {"aws": {"source": "hashicorp/aws", "version": "~> 5.100"}}
        # Unlike a local one this backend writes its state every 20 seconds only. Locks have tests of their own.
        backend = {
            **{"bucket": "packages", "key": STATE, "region": "eu-west-1", "use_path_style": True},
            **dict.fromkeys(
                ["skip_credentials_validation", "skip_metadata_api_check", "skip_requesting_account_id"], True
            ),
            "endpoints": {"s3": self.endpoints["default"]},
        }
        terraform = {"required_providers": required, "backend": {"s3": backend}}
        document = {"terraform": terraform, "provider": {"aws": providers}}
        (self.root / "providers.tf.json").write_text(json.dumps(document))
        self.terraform("init")

    def terraform(self, command: str, *arguments: str) -> str:
        run = subprocess.run(
            ["terraform", command, "-input=false", "-no-color", *arguments],
            cwd=self.root,
            env=self.env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def plan(self) -> dict[str, set[str]]:
        """Plan; the addresses by action."""
        actions: dict[str, set[str]] = {}
        for line in self.terraform("plan", "-json", f"-out={self.plan_file}").splitlines():
            message = json.loads(line)
            if message["type"] == "planned_change":
                change = message["change"]
                actions.setdefault(change["action"], set()).add(change["resource"]["addr"])
        return actions

    def kill_apply(self, when: Callable[[], bool]) -> None:
        """Apply the plan, and kill Terraform and its provider when AWS has come so far."""
        command = ["terraform", "apply", "-input=false", str(self.plan_file)]
        options: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        run = subprocess.Popen(command, cwd=self.root, env=self.env, start_new_session=True, **options)
        give_up = time.monotonic() + 120
        while not when():
            assert run.poll() is None and time.monotonic() < give_up, "the apply ended before it could be killed"
            time.sleep(0.2)
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()

    def adopt(self, rounds: int) -> dict[str, str]:
        """What the engine does with a plan: take over, and plan again. Everything taken over."""
        adopted: dict[str, str] = {}
        for _ in range(rounds):
            found = self.module(
                "adoption_info",
                binary="terraform",
                project_path=str(self.root),
                plan_file=str(self.plan_file),
                stack="all",
                interrupted=True,
                account_id="123456789012",
                tags=TAGS,
                region="eu-west-1",
                endpoint_url=self.endpoints["default"],
                dynamodb_endpoint_url=self.endpoints["dynamodb"],
            )
            assert (found["foreign"], found["leftovers"]) == ([], [])
            if not found["imports"]:
                break
            adopted |= found["imports"]
            blocks = [{"to": address, "id": id_} for address, id_ in adopted.items()]
            self.imports.write_text(json.dumps({"import": blocks}))
            self.planned = self.plan()
        return adopted

    def finish(self) -> None:
        """Apply; the next plan is empty, and nothing is there twice."""
        self.terraform("apply", str(self.plan_file))
        self.imports.unlink()
        assert self.plan() == {}
        assert self.inventory() == dict.fromkeys(self.inventory(), 1)

    def inventory(self) -> dict[str, int]:
        """How many there are of what AWS makes a second time without a word."""
        gateway, kms = self.client("apigateway"), self.client("kms")
        keys = [kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in kms.list_keys()["Keys"]]
        apis = gateway.get_rest_apis()["items"]
        of_api = {"restApiId": apis[0]["id"]}
        layers = self.client("lambda").list_layer_versions(LayerName="shop-common-dev")["LayerVersions"]
        return {
            "APIs": len(apis),
            "authorizers": len(gateway.get_authorizers(**of_api)["items"]),
            "deployments": len(gateway.get_deployments(**of_api)["items"]),
            "validators": len(gateway.get_request_validators(**of_api)["items"]),
            "usage plans": len(gateway.get_usage_plans()["items"]),
            "API keys": len(gateway.get_api_keys()["items"]),
            "KMS keys": sum(key["Description"] == "Encrypts SNS topic shop-alerts-dev" for key in keys),
            "layer versions": len(layers),
        }


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, cli_config: Path) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("adoption"), cli_config)
    try:
        made.lay_out()
        yield made
    finally:
        made.local_aws("stopped")


def test_killed_apply(world: World) -> None:
    """When the stage is there, most is, but the provider still waits for the key, and little of it is in the state."""

    def deployed() -> bool:
        gateway = world.client("apigateway")
        return any(gateway.get_stages(restApiId=api["id"])["item"] for api in gateway.get_rest_apis()["items"])

    planned = world.plan()["create"]
    world.kill_apply(deployed)
    lost = world.plan()["create"]
    assert lost <= planned
    adopted = world.adopt(rounds=4)
    assert adopted and adopted.keys() <= lost
    world.finish()


def test_state_of_an_earlier_moment(world: World) -> None:
    """What is made first is in the state, what depends on it is not."""
    kept = {"aws_iam_role", "aws_lambda_function", "aws_api_gateway_api_key"}
    s3 = world.client("s3")
    state = json.loads(s3.get_object(Bucket="packages", Key=STATE)["Body"].read())
    state["resources"] = [one for one in state["resources"] if one["type"] in kept]
    s3.put_object(Bucket="packages", Key=STATE, Body=json.dumps(state))
    planned = world.plan()
    adopted = world.adopt(rounds=1)

    def kinds(addresses: set[str]) -> set[str]:
        return {word for address in addresses for word in address.replace("[", ".").split(".") if word in KINDS}

    harmful = {kind for kind, (again, _) in KINDS.items() if again is not Again.HARMLESS}
    assert kinds(planned["create"]) & harmful == kinds(set(adopted))
    assert not kinds(world.planned["create"]) & harmful
    # The cause of these two is in no API, so they are made anew, and the old ones go.
    assert kinds(world.planned["replace"]) == {"aws_api_gateway_deployment", "aws_lambda_layer_version"}
    assert len([address for address in world.planned["replace"] if address in adopted]) == 2
    world.finish()
