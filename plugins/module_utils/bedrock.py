# Copyright (c) 2026 BBWS platform team
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The models that functions call, and how long AWS keeps each.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-lifecycle.html: a model is ACTIVE, then LEGACY, and after its end of
life each call of it fails.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_FIX = "choose a newer one as site_builder_bedrock_inference_profile, or in iam_roles and the functions"


@dataclass(frozen=True)
class Life:
    """What Bedrock says of a model."""

    status: str
    end: datetime | None = None

    @property
    def until(self) -> str:
        """A clause about its end, if that is known."""
        return f", its end is {self.end:%Y-%m-%d}" if self.end else ""


def model_of(profile: str) -> str:
    """The model behind an inference profile, ``<geography>.<provider>.<model>``."""
    return profile.partition(".")[2]


def called(roles: Mapping[str, Any]) -> list[dict[str, str]]:
    """The models that roles may call, each once: ``model`` and the ``region`` where it is called."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for role in roles.values():
        bedrock = role.get("bedrock") or {}
        models = [*map(model_of, bedrock.get("inference_profiles") or []), *(bedrock.get("model_ids") or [])]
        for model in models:
            found[model, bedrock["region"]] = {"model": model, "region": bedrock["region"]}
    return list(found.values())


def life_of(bedrock: Any, model: str) -> Life:
    """Ask Bedrock. Raises what botocore does."""
    said = bedrock.get_foundation_model(modelIdentifier=model)["modelDetails"].get("modelLifecycle", {})
    return Life(said.get("status", "without a lifecycle"), said.get("endOfLifeTime"))


def past(model: str, life: Life, now: datetime) -> str:
    """Why nothing can be deployed with this model; empty where it can."""
    if life.end is None or life.end > now:
        return ""
    return f"the model {model} has reached its end ({life.end:%Y-%m-%d}), and each call of it fails; {_FIX}"


def ageing(model: str, life: Life) -> str:
    """What is to be known of a model that will not be there for ever; empty for one that will."""
    return "" if life.status == "ACTIVE" else f"the model {model} is {life.status}{life.until}; {_FIX}"
