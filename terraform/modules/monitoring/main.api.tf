locals {
  # A REST API reports by name and stage; ApiId is for HTTP APIs.
  api_alarms = flatten([
    for key, api in var.apis : [
      for alarm in [
        {
          threshold   = "api_5xx"
          suffix      = "5xx"
          metric      = "5XXError"
          stat        = "Sum"
          description = "Requests to ${api.name} end in a 5XX error."
        },
        {
          threshold   = "api_latency_p99_ms"
          suffix      = "latency"
          metric      = "Latency"
          stat        = "p99"
          description = "One request in a hundred to ${api.name} is slow."
        },
        ] : merge(alarm, {
          key        = key
          name       = "${api.name}-${alarm.suffix}"
          namespace  = "AWS/ApiGateway"
          dimensions = { ApiName = api.name, Stage = api.stage }
      })
    ]
  ])
}
