"""Every refusal leads somewhere: each playbook and each switch that a sentence names is taken by a test, which arrives."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

# A playbook, or a variable to set for a run; the words of a definition ("write 60 or more") are taken by test_known_refusals.py.
WAY = re.compile(
    r"playbooks/(\w+)\.yml|--(limit)\b|(site_builder_\w+)(?==|: |$| to | is \?; look)|with (site_builder_\w+)"
)
STOPS = ("ansible.builtin.fail", "ansible.builtin.assert")


def sentences(path: Path) -> Iterator[tuple[str, str]]:
    """The texts in the functions of a file, by function, less what documents them."""
    tree = ast.parse(path.read_text())
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef):
            continue
        documentation = {id(node.value) for node in function.body[:1] if isinstance(node, ast.Expr)}
        inside = {id(child) for node in ast.walk(function) if isinstance(node, ast.JoinedStr) for child in node.values}
        for node in ast.walk(function):
            if id(node) in documentation | inside:
                continue
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield function.name, node.value
            elif isinstance(node, ast.JoinedStr):
                yield function.name, "".join(v.value if isinstance(v, ast.Constant) else "?" for v in node.values)


def tasks(found: Any) -> Iterator[dict[str, Any]]:
    for task in found or []:
        yield task
        for part in ("block", "rescue", "always"):
            yield from tasks(task.get(part))


def ways(text: str) -> set[str]:
    return {next(filter(None, match.groups())) for match in WAY.finditer(text)}


def named() -> set[tuple[str, str]]:
    """(where, way) of each sentence of the collection that names one."""
    found = set()
    for path in sorted((ROOT / "plugins").rglob("*.py")):
        for function, text in sentences(path):
            if ";" in text or ":" in text:
                found |= {(f"{path.stem}.{function}", way) for way in ways(text)}
    for path in sorted((ROOT / "roles").glob("*/tasks/*.yml")):
        for task in tasks(yaml.safe_load(path.read_text())):
            for stop in STOPS:
                text = str((task.get(stop) or {}).get("msg") or (task.get(stop) or {}).get("fail_msg") or "")
                found |= {(f"{path.parts[-3]}/{path.stem}", way) for way in ways(text)}
    return found


ENGINE = "tests/unit/module_utils/test_engine.py::"
LIFE = "tests/integration/test_life.py::"
MOVES = "tests/integration/test_ways_out.py::test_the_replica_of_a_bucket_moves_or_goes"
END = "tests/integration/test_deploy_prod.py::test_destroy_leaves_nothing"
SERVE, DAY_TWO = "tests/integration/test_serve.py::", "tests/integration/test_day_two.py::"
RELEASES, RELEASE = "tests/integration/test_releases.py::", "tests/unit/action/test_release.py::"
POOL = "tests/unit/modules/test_user_pool.py::test_it_is_made_once"
PLAN_AGAIN = ENGINE + "test_plan_again_arrives"
# By (where, way) the test that takes it and arrives; or, without "::", why there is none.
WAYS = {
    (
        "access.check_size",
        "site_builder_state_bucket",
    ): "a shorter name makes a smaller policy, of which this is the measure",
    (
        "api_gateway/before_plan",
        "bootstrap",
    ): "tests/integration/test_ways_out.py::test_an_account_without_a_logging_role",
    ("diagnostics._lock_sentence", "site_builder_lock_id"): LIFE + "test_a_dead_lock_is_shown_and_broken_by_its_id",
    ("diagnostics._lock_sentence", "unlock"): LIFE + "test_a_dead_lock_is_shown_and_broken_by_its_id",
    ("diagnostics.checkov_reason", "site_builder_checkov"): "what is wrong with the tool itself, in its own words",
    ("diagnostics.checkov_reason", "site_builder_checkov_skip"): "checkov leaves out what it is told to leave out",
    ("engine._adoption", "plan"): ENGINE + "test_what_an_interrupted_one_had_created_is_in_the_next",
    ("engine._after_apply", "plan"): ENGINE + "test_what_an_interrupted_one_had_created_is_in_the_next",
    ("engine._destruction", "limit"): ENGINE + "test_before_anything_goes",
    ("engine._destruction", "site_builder_confirm_destroy"): ENGINE + "test_a_destruction_is_confirmed",
    ("engine._destruction", "site_builder_destroy_prod"): ENGINE + "test_twice_for_production",
    ("engine._destruction", "site_builder_empty_buckets"): END,
    ("engine._destruction", "site_builder_lift_protection"): END,
    ("engine._forget", "forget_replicas"): MOVES,
    ("engine._forget", "limit"): MOVES,
    ("engine._forget", "site_builder_allow_destroy"): MOVES,
    ("engine._turn", "plan"): PLAN_AGAIN,
    ("engine.gates", "limit"): END,
    ("engine.gates", "plan"): PLAN_AGAIN,
    ("engine.gates", "site_builder_allow_destroy"): ENGINE + "test_unless_it_is_allowed",
    ("engine.gates", "site_builder_lift_protection"): END,
    ("engine.gates", "site_builder_max_changes"): ENGINE + "test_too_many_changes",
    ("engine.gates", "untaint"): ENGINE + "test_by_itself_where_plans_are_reviewed",
    ("engine.refusals", "apply"): LIFE + "test_apply_does_what_was_reviewed",
    ("engine.refusals", "limit"): ENGINE + "test_what_is_missing_upstream_before_anything_is_applied",
    ("engine.refusals", "plan"): LIFE + "test_apply_does_what_was_reviewed",
    ("local_api.run", "site_builder_target"): SERVE + "test_the_command_works_as_pasted",
    ("local_api.serve", "site_builder_target"): SERVE + "test_the_command_works_as_pasted",
    (
        "local_aws.join",
        "local_aws_up",
    ): "tests/unit/module_utils/test_local_aws.py::test_another_run_joins_by_url_and_leaves_it_alone",
    ("release._refusals", "limit"): RELEASE + "test_a_release_is_gone_back_from_as_a_whole",
    ("release._refusals", "site_builder_confirm_rollback"): RELEASE + "test_production_wants_its_name",
    ("releasing._target", "releases"): RELEASES + "test_a_rollback_and_the_list",
    ("releasing._target", "site_builder_release_id"): RELEASES + "test_a_rollback_and_the_list",
    ("releasing._watch", "releases"): RELEASES + "test_a_rollback_and_the_list",
    ("releasing._watchable", "site_builder_release"): (
        "tests/unit/modules/test_release.py::test_a_release_is_verified_and_recorded"
    ),
    ("report_store.main", "bootstrap"): "a warning: the run went well, and bootstrap.yml makes the role that may",
    ("site_builder/restore_state", "site_builder_confirm_restore"): DAY_TWO
    + "test_a_state_that_cannot_be_read_comes_back",
    ("site_builder/serve", "serve"): SERVE + "test_the_command_works_as_pasted",
    ("site_builder/serve", "site_builder_target"): SERVE + "test_the_command_works_as_pasted",
    ("state_versions.lines", "limit"): DAY_TWO + "test_a_state_that_cannot_be_read_comes_back",
    ("state_versions.lines", "site_builder_state_version"): DAY_TWO + "test_a_state_that_cannot_be_read_comes_back",
    ("state_versions.main", "limit"): DAY_TWO + "test_a_state_that_cannot_be_read_comes_back",
    ("store.applies", "site_builder_lock_id"): LIFE + "test_a_dead_lock_is_shown_and_broken_by_its_id",
    ("store.applies", "unlock"): LIFE + "test_a_dead_lock_is_shown_and_broken_by_its_id",
    ("table_restore._restore", "site_builder_restore_from"): DAY_TWO + "test_a_tables_content_comes_back",
    ("table_restore._restore", "site_builder_restore_time"): DAY_TWO + "test_a_tables_content_comes_back",
    ("preflight._pools", "bootstrap"): POOL,
    ("preflight._pools", "site_builder_cognito"): POOL,
    ("site_builder/serve", "local_aws_up"): SERVE + "test_the_command_works_as_pasted",
    (
        "user_pool._pool",
        "site_builder_cognito_user_pool_arns",
    ): "a pool that is named is not made: the sentence is the whole way",
    ("user_pool.lines", "site_builder_cognito_user_pool_arns"): POOL,
    ("kinds._leave", "site_builder_imports"): LIFE + "test_what_exists_is_taken_over_only_after_an_interruption",
    ("manifest.read_manifest", "plan"): PLAN_AGAIN,
    ("next_step._after_saved", "plan"): PLAN_AGAIN,
    ("plan_file.plan_file_facts", "plan"): PLAN_AGAIN,
    ("plan_store.checked", "plan"): PLAN_AGAIN,
    (
        "plan_store.fetch",
        "plan",
    ): "tests/unit/modules/test_plan_store.py::test_a_plan_in_s3_is_applied_with_its_hash_only",
    ("plan_store.named", "plan"): PLAN_AGAIN,
    (
        "plan_store.named",
        "site_builder_plan_store",
    ): "tests/unit/modules/test_plan_store.py::test_what_is_fetched_is_what_was_saved",
    ("provider.verify", "site_builder_provider_mirror"): (
        "tests/unit/module_utils/terraform/test_provider.py::test_released_one_is_taken"
    ),
    ("saved_plan.refusal", "limit"): LIFE + "test_apply_refuses",
    ("saved_plan.refusal", "plan"): PLAN_AGAIN,
    ("show_plan.show_plan", "plan"): PLAN_AGAIN,
    ("site_builder/main", "bootstrap"): "tests/integration/test_deployment_roles.py::test_a_whole_life",
    (
        "site_builder/render",
        "limit",
    ): "the plain call is what CONTRIBUTING.md has people run, and a test holds what it renders",
    ("site_builder/render", "site_builder_target"): "the plain call is what CONTRIBUTING.md has people run",
    ("stack_hosts._check", "limit"): "tests/unit/lookup/test_stack_hosts.py::test_a_limit_that_leaves_a_stack_is_taken",
    ("state_bucket.exists", "site_builder_state_bucket"): (
        "tests/unit/modules/test_state_bucket.py::test_created_with_all_that_it_needs"
    ),
    ("terraform_stack/plan_root", "plan"): PLAN_AGAIN,
    ("toolchain_info.terraform", "site_builder_terraform_binary"): (
        "tests/unit/modules/test_toolchain_info.py::test_named_one_wins"
    ),
}


def test_every_way_out_is_taken() -> None:
    """A new one is listed with the test that takes it, and one that is gone is not."""
    found = named()
    assert found - WAYS.keys() == set()
    assert WAYS.keys() - found == set()


@pytest.mark.parametrize("test", sorted({test for test in WAYS.values() if "::" in test}))
def test_by_a_test_that_there_is(test: str) -> None:
    file, _, name = test.partition("::")
    tree = ast.parse((ROOT / file).read_text())
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_playbooks_that_are_named_are_there() -> None:
    ways_ = {way for _, way in WAYS if not way.startswith("site_builder_") and way != "limit"}
    assert {way for way in ways_ if not (ROOT / f"playbooks/{way}.yml").is_file()} == set()
