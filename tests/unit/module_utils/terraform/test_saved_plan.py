"""What a saved plan may be trusted with."""

from __future__ import annotations

from ansible_collections.bbws.site_builder.plugins.module_utils.terraform.saved_plan import unreviewed


def test_what_follows_a_saved_plan_and_was_not_reviewed() -> None:
    def of(api: str, resource: str) -> dict[str, str]:
        return {"address": f'module.apis["{api}"].{resource}', "type": resource.partition(".")[0], "action": "update"}

    reviewed = [
        of("a", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_method.this["GET /gone"]'),
        of("a", "aws_api_gateway_usage_plan.this[0]"),
    ]
    follows = [
        of("a", "aws_api_gateway_deployment.this"),
        of("a", "aws_api_gateway_stage.this"),
        of("a", "aws_api_gateway_usage_plan.this[0]"),
        of("a", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_integration_response.this["GET /x/{} 200"]'),
    ]
    more = [
        of("b", 'aws_api_gateway_integration.this["GET /x/{}"]'),
        of("a", 'aws_api_gateway_integration.options["/x/{}"]'),
        of("a", 'aws_api_gateway_integration.this["GET /x/{}/y"]'),
        of("a", "aws_api_gateway_method_settings.this"),
        of("a", "aws_api_gateway_rest_api.this"),
    ]
    assert unreviewed({"actions": follows}, reviewed) == []
    assert unreviewed({"actions": [*follows, *more]}, reviewed) == [action["address"] for action in more]
