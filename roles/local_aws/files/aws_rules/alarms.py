"""CloudWatch."""

from __future__ import annotations

from aws_call import Call

from aws_rules import rule

ALARMS = "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"
HOUR, DAY, WEEK = 3600, 86_400, 604_800


@rule("cloudwatch", "PutMetricAlarm", code="ValidationError", source=ALARMS)
def alarm_window(call: Call) -> str | None:
    """An alarm looks at more than a day, or with periods of an hour and more at more than a week."""
    of_metrics = [(one.get("MetricStat") or {}).get("Period") for one in call.params.get("Metrics") or []]
    period = max(filter(None, [call.params.get("Period"), *of_metrics]), default=0)
    most, named = (DAY, "a day") if period < HOUR else (WEEK, "a week")
    if period * call.params["EvaluationPeriods"] > most:
        return f"Metrics cannot be checked across more than {named} (EvaluationPeriods * Period must be <= {most})"
    return None


@rule("cloudwatch", "PutMetricAlarm", code="ValidationError", source=ALARMS)
def alarm_datapoints(call: Call) -> str | None:
    """More datapoints must be bad than there are.

    The words are ours.
    """
    points, periods = call.params.get("DatapointsToAlarm"), call.params["EvaluationPeriods"]
    if points is not None and points > periods:
        return f"DatapointsToAlarm ({points}) must be less than or equal to EvaluationPeriods ({periods})"
    return None
