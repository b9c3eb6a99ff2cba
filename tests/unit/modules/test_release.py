"""The modules release and release_info against moto: aliases, stages, copies and records as AWS has them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from ansible_collections.bbws.site_builder.plugins.modules import release, release_info
from moto import mock_aws

ACCOUNT, REGION, BUCKET, PREFIX = "123456789012", "eu-west-1", "states", "site-builder/dev"
PLACE = {"region": REGION, "account_id": ACCOUNT, "state_bucket": BUCKET, "state_prefix": PREFIX}
SINCE = "2026-06-01T00:00:00+00:00"
FUNCTION = "site-builder-agents-dev"
Run = Callable[..., dict[str, Any]]


def facts(number: int) -> dict[str, Any]:
    return {
        "id": f"20260601T{number:06}Z-abcdef",
        "created": SINCE,
        "by": "arn:aws:iam::123456789012:user/ann",
        "commit": "c0ffee" * 6,
        "dirty": False,
        "plan": None,
        "strategy": "all_at_once",
        "tables": ["agents"],
        "buckets": [],
    }


class Service:
    """One function, one API and one alarm, as Terraform makes them."""

    def __init__(self) -> None:
        self.s3, self.functions, self.apis, self.alarms, iam = (
            boto3.client(service, region_name=REGION) for service in ("s3", "lambda", "apigateway", "cloudwatch", "iam")
        )
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
        role = iam.create_role(RoleName="agents", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
        self.functions.create_function(
            FunctionName=FUNCTION,
            Role=role,
            Runtime="python3.12",
            Handler="app.handler",
            Code={"ZipFile": self._zip("1")},
            Publish=True,
        )
        self.functions.create_alias(FunctionName=FUNCTION, Name="live", FunctionVersion="1")
        self.version = "1"
        self.api = self.apis.create_rest_api(name="web-dev")["id"]
        (root,) = self.apis.get_resources(restApiId=self.api)["items"]
        self.route(root["id"], "health", "GET")
        self.deployment = self.apis.create_deployment(restApiId=self.api)["id"]
        self.apis.create_stage(restApiId=self.api, stageName="dev", deploymentId=self.deployment)
        self.root = root["id"]
        self.alarm("OK")

    @staticmethod
    def _zip(text: str) -> bytes:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("app.py", f"# {text}")
        return file.getvalue()

    def route(self, parent: str, path: str, verb: str) -> None:
        resource = self.apis.create_resource(restApiId=self.api, parentId=parent, pathPart=path)["id"]
        place = {"restApiId": self.api, "resourceId": resource, "httpMethod": verb}
        self.apis.put_method(**place, authorizationType="NONE")
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/arn:aws:lambda:{REGION}:{ACCOUNT}:function:{FUNCTION}:live/invocations"
        self.apis.put_integration(**place, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)

    def alarm(self, state: str) -> None:
        self.alarms.put_metric_alarm(
            AlarmName="errors",
            MetricName="Errors",
            Namespace="AWS/Lambda",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
        self.alarms.set_alarm_state(AlarmName="errors", StateValue=state, StateReason="test")

    def publish(self) -> None:
        """Another version, where the alias stays, and another deployment, where the stage stays."""
        self.functions.update_function_code(FunctionName=FUNCTION, ZipFile=self._zip(f"{self.version} more"))
        self.version = self.functions.publish_version(FunctionName=FUNCTION)["Version"]
        self.deployment = self.apis.create_deployment(restApiId=self.api)["id"]

    def parts(self) -> dict[str, Any]:
        return {
            "functions": {"agents": {"name": FUNCTION, "latest": self.version}},
            "apis": {
                "web": {
                    "id": self.api,
                    "name": "web-dev",
                    "stage": "dev",
                    "latest": self.deployment,
                    "url": "https://web",
                }
            },
        }

    def live(self) -> tuple[str, dict[str, float], str]:
        alias = self.functions.get_alias(FunctionName=FUNCTION, Name="live")
        weights = (alias.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
        return (
            alias["FunctionVersion"],
            weights,
            self.apis.get_stage(restApiId=self.api, stageName="dev")["deploymentId"],
        )

    def copies(self) -> list[str]:
        found = self.apis.get_deployments(restApiId=self.api)["items"]
        return [one["description"] for one in found if (one.get("description") or "").startswith("release ")]

    def record(self, number: int) -> dict[str, Any]:
        key = f"{PREFIX}/releases/{facts(number)['id']}.json"
        return json.loads(self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield Service()


@pytest.fixture
def run(run_module: Run, service: Service) -> Run:
    def call(number: int, state: str = "released", **more: Any) -> dict[str, Any]:
        own = {
            "state": state,
            "facts": facts(number),
            "parts": service.parts(),
            "since": SINCE,
            "alarms": ["errors"],
            "unreachable": "moto runs nothing",
        }
        return run_module(release, **PLACE, **{**own, **more})

    return call


def test_a_release_is_verified_and_recorded(run: Run, service: Service) -> None:
    result = run(1)
    assert result["changed"] is True
    assert result["record"] == service.record(1)
    record = service.record(1)
    assert (record["state"], record["verified"], record["previous"]) == ("live", True, None)
    assert record["apis"]["web"]["routes"] == {"GET /health": FUNCTION}
    assert service.copies() == [f"release {facts(1)['id']}, copy of {service.deployment}"]
    said = {one["what"]: (one["ok"], one["said"]) for one in record["checks"]}
    assert said == {
        "function agents": (True, "may be invoked (DryRun)"),
        "api web": (None, "GET /health: moto runs nothing"),
        "1 alarms": (True, "none went off"),
    }


def test_what_is_latest_goes_live_and_back_again(run: Run, service: Service) -> None:
    run(1)
    first = service.deployment
    service.publish()
    run(2)
    assert service.live() == ("2", {}, service.deployment)
    # As Terraform does with the one that it has replaced.
    service.apis.delete_deployment(restApiId=service.api, deploymentId=first)
    back = run(3, "rolled_back", verify=False)
    assert back["record"]["to"] == facts(1)["id"]
    assert back["record"]["verified"] is None
    assert service.live() == ("1", {}, service.record(1)["apis"]["web"]["copy"])


def test_a_canary_goes_through(run: Run, service: Service) -> None:
    run(1)
    service.publish()
    result = run(2, canary={"percent": 5, "seconds": 0, "alarms": []})
    assert result["record"]["state"] == "live"
    assert service.live() == ("2", {}, service.deployment)


def test_an_alarm_that_goes_off_fails_the_release(run: Run, service: Service) -> None:
    run(1)
    service.publish()
    before = service.live()
    service.alarm("ALARM")
    assert run(2)["record"]["verified"] is False
    # One from before the canary, which began later, is not its fault.
    service.publish()
    assert run(3, canary={"percent": 5, "seconds": 0, "alarms": []})["record"]["state"] == "live"
    assert service.live() != before


def test_copies_are_kept_within_bounds(run: Run, service: Service) -> None:
    for number in range(1, 14):
        service.publish()
        run(number)
    assert len(service.copies()) == 10
    assert service.record(13)["apis"]["web"]["copy"]


def test_a_copy_that_a_killed_run_has_made_is_taken(run: Run, service: Service) -> None:
    text = f"release {facts(1)['id']}, copy of {service.deployment}"
    made = service.apis.create_deployment(restApiId=service.api, description=text)["id"]
    assert run(2)["record"]["apis"]["web"]["copy"] == made
    assert len(service.copies()) == 1


@pytest.mark.parametrize(("operation", "refused"), [("OperationTypeApply", True), ("OperationTypePlan", False)])
def test_nobody_goes_back_while_an_apply_is_at_work(run: Run, service: Service, operation: str, refused: bool) -> None:
    run(1)
    service.publish()
    run(2)
    lock = {"ID": "4f1c", "Operation": operation, "Who": "ann@host", "Created": "2026-01-01T10:00:00Z"}
    service.s3.put_object(
        Bucket=BUCKET, Key=f"{PREFIX}/lambda/terraform.tfstate.tflock", Body=json.dumps(lock).encode()
    )
    result = run(3, "rolled_back", stacks=["lambda", "s3"])
    assert result.get("failed", False) is refused
    if refused:
        assert result["msg"] == (
            "lambda is being deployed by ann@host since 2026-01-01T10:00:00Z; wait for that run, or if it is dead, break its lock with "
            "playbooks/unlock.yml -e site_builder_lock_id=4f1c"
        )
        assert service.live()[0] == "2"


def test_what_aws_refuses_is_said_and_the_next_run_goes_on(run: Run, service: Service) -> None:
    service.functions.delete_alias(FunctionName=FUNCTION, Name="live")
    result = run(1)
    assert result["record"]["verified"] is False
    assert result["record"]["checks"][0]["said"] == f"{FUNCTION} has no live any more"
    service.apis.delete_rest_api(restApiId=service.api)
    failed = run(2)
    assert failed["msg"].startswith("releasing failed: An error occurred (NotFoundException)")
    assert failed["msg"].endswith("run again, which goes on from here")


def test_every_call_to_s3_names_the_owner(run: Run, service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.client import BaseClient

    real, seen = BaseClient._convert_to_request_dict, {}

    def note(self: Any, api_params: Any, operation_model: Any, *arguments: Any, **more: Any) -> Any:
        if operation_model.service_model.service_name == "s3":
            seen[operation_model.name] = api_params.get("ExpectedBucketOwner")
        return real(self, api_params, operation_model, *arguments, **more)

    monkeypatch.setattr(BaseClient, "_convert_to_request_dict", note)
    run(1)
    service.publish()
    run(2)
    run(3, "rolled_back", stacks=["s3"])
    assert seen == dict.fromkeys(("ListObjectsV2", "GetObject", "PutObject"), ACCOUNT)


# --- release_info


def test_what_is_live(run_module: Run, service: Service) -> None:
    parts = service.parts()
    functions = {**parts["functions"], "other": {"name": "site-builder-other-dev"}}
    result = run_module(release_info, **PLACE, functions=functions, apis=parts["apis"])
    assert result["live"] == {"functions": {"agents": {"live": "1"}}, "apis": {"web": {"live": service.deployment}}}
    assert (result["changed"], result["records"], result["lines"]) == (False, [], [])


def test_the_list(run_module: Run, run: Run, service: Service) -> None:
    assert run_module(release_info, **PLACE, records=True)["lines"] == [
        "no release is recorded; the next deploy records one"
    ]
    run(1)
    service.publish()
    run(2)
    run(3, "rolled_back")
    listed = run_module(release_info, **PLACE, records=True)
    assert [one["id"] for one in listed["records"]] == [facts(number)["id"] for number in (3, 2, 1)]
    lines = [line.split() for line in listed["lines"]]
    assert [(line[0], line[3]) for line in lines[1:2]] == [(facts(3)["id"], "live")]
    assert "rolled back" in listed["lines"][2]
    assert "replaced" in listed["lines"][3]
    assert "user/ann  c0ffeec0ffee" in listed["lines"][1]


def test_a_record_that_is_none_is_named(run_module: Run, service: Service) -> None:
    key = f"{PREFIX}/releases/{facts(1)['id']}.json"
    service.s3.put_object(
        Bucket=BUCKET,
        Key=key,
        Body=json.dumps({**facts(1), "state": "live", "functions": {"agents": {"live": "1; rm"}}}).encode(),
    )
    result = run_module(release_info, **PLACE, records=True)
    assert "functions.agents.live '1; rm', which AWS gives to nothing" in result["msg"]


@pytest.mark.parametrize("check", [False, True])
def test_a_stage_is_parked_before_its_deployment_goes(run_module: Run, run: Run, service: Service, check: bool) -> None:
    run(1)
    copy = service.record(1)["apis"]["web"]["copy"]
    address = 'module.api["web"].aws_api_gateway_deployment.this'
    options = {**PLACE, "apis": service.parts()["apis"], "_ansible_check_mode": check}
    other = run_module(release_info, **options, park=[address.replace("web", "other"), "module.x"])
    assert (other["changed"], other["parked"]) == (False, [])
    result = run_module(release_info, **options, park=[address])
    assert (result["changed"], result["parked"]) == (True, ["web"])
    assert service.live()[2] == (service.deployment if check else copy)
    assert result["live"]["apis"]["web"]["live"] == service.live()[2]
    # Where it serves a copy already, there is nothing to do.
    if not check:
        assert run_module(release_info, **options, park=[address])["parked"] == []


def test_a_function_that_was_made_again_is_another_one(run: Run, service: Service) -> None:
    """Its versions are counted anew, so that the number alone says nothing."""
    run(1)
    service.publish()
    run(2)
    key = f"{PREFIX}/releases/{facts(1)['id']}.json"
    record = service.record(1)
    assert record["functions"]["agents"]["sha256"] != service.record(2)["functions"]["agents"]["sha256"]
    record["functions"]["agents"]["sha256"] = "of other code"
    service.s3.put_object(Bucket=BUCKET, Key=key, Body=json.dumps(record).encode())
    result = run(3, "rolled_back")
    assert result["msg"].startswith(
        f"the release {facts(1)['id']} cannot be gone back to, because version 1 of the function agents is gone; deploy the commit"
    )
