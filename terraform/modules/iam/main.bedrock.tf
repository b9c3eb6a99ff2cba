locals {
  # The first part of a system-defined inference profile id; the rest is the id of the model behind it.
  bedrock_geographies = ["apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"]

  bedrock_actions = concat(
    # Converse is authorised as InvokeModel.
    ["bedrock:InvokeModel"],
    var.role.bedrock.streaming ? ["bedrock:InvokeModelWithResponseStream"] : [],
  )

  bedrock_profile_arns = [
    for id in var.role.bedrock.inference_profiles :
    "arn:${local.partition}:bedrock:${coalesce(var.role.bedrock.region, "unset")}:${coalesce(var.role.bedrock.account_id, var.account_id)}:inference-profile/${id}"
  ]

  # A profile is authorised twice: as itself, and as the model in each region it routes to. A global profile asks for the
  # model without a region. The account of a foundation model is empty.
  bedrock_profile_model_arns = distinct(flatten([
    for id in var.role.bedrock.inference_profiles : [
      for region in concat(
        compact([var.role.bedrock.region]),
        var.role.bedrock.routed_regions,
        startswith(id, "global.") ? [""] : [],
      ) : "arn:${local.partition}:bedrock:${region}::foundation-model/${regex("^[^.]+\\.(.+)$", id)[0]}"
    ]
  ]))

  bedrock_statements = [
    {
      Sid      = "InvokeModels"
      Effect   = "Allow"
      Action   = local.bedrock_actions
      Resource = [for id in var.role.bedrock.model_ids : "arn:${local.partition}:bedrock:${coalesce(var.role.bedrock.region, "unset")}::foundation-model/${id}"]
    },
    {
      Sid      = "InvokeProfiles"
      Effect   = "Allow"
      Action   = local.bedrock_actions
      Resource = local.bedrock_profile_arns
    },
    {
      # Only through the profiles: the models themselves stay out of reach in the other regions.
      Sid       = "InvokeModelsThroughProfiles"
      Effect    = "Allow"
      Action    = local.bedrock_actions
      Resource  = local.bedrock_profile_model_arns
      Condition = { StringEquals = { "bedrock:InferenceProfileArn" = local.bedrock_profile_arns } }
    },
  ]
}
