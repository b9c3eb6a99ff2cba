# Rendered from inventories/dev by playbooks/render.yml, see docs/environments.md.

account_id     = "111111111111"
environment    = "dev"
region         = "eu-west-1"
replica_region = null
stacks = {
  api_gateway = {
    apis = {
      generation = {
        cognito_user_pool_arns = ["arn:aws:cognito-idp:eu-west-1:111111111111:userpool/eu-west-1_ExampleDev"]
        cors = {
          headers = ["Authorization", "Content-Type", "Idempotency-Key", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"]
          origins = ["*"]
        }
        description = "Site Builder Bedrock Generation API"
        logs = {
          group_name        = "/aws/apigateway/site-builder-generation-dev"
          kms_key_arn       = null
          retention_in_days = 30
        }
        models = {
          GenerationRequest = {
            schema = "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"additionalProperties\": false, \"properties\": {\"locale\": {\"default\": \"en-ZA\", \"description\": \"The language of the site.\", \"pattern\": \"^[a-z]{2}(-[A-Z]{2})?$\", \"type\": \"string\"}, \"max_pages\": {\"default\": 5, \"maximum\": 20, \"minimum\": 1, \"type\": \"integer\"}, \"prompt\": {\"description\": \"What the site is for, in the customer's words.\", \"maxLength\": 4000, \"minLength\": 1, \"pattern\": \"\\\\S\", \"type\": \"string\"}}, \"required\": [\"prompt\"], \"title\": \"GenerationRequest\", \"type\": \"object\"}"
          }
          ValidationRequest = {
            schema = "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"description\": \"The site. Only an object, as it is the function that says what is wrong with it.\", \"title\": \"ValidationRequest\", \"type\": \"object\"}"
          }
        }
        name = "site-builder-generation-dev"
        routes = {
          createGeneration = {
            authorization = "COGNITO_USER_POOLS"
            function      = "generation"
            method        = "POST"
            path          = "/generations"
            request_model = "GenerationRequest"
            request_parameters = {
              "method.request.header.Idempotency-Key" = false
            }
            scopes = ["site-builder/generate"]
          }
          deleteGeneration = {
            authorization = "COGNITO_USER_POOLS"
            function      = "generation"
            method        = "DELETE"
            path          = "/generations/{generation_id}"
            request_parameters = {
              "method.request.path.generation_id" = true
            }
            scopes = ["site-builder/generate"]
          }
          getAgent = {
            authorization = "COGNITO_USER_POOLS"
            function      = "agents"
            method        = "GET"
            path          = "/agents/{agent_id}"
            request_parameters = {
              "method.request.path.agent_id" = true
            }
            scopes = ["site-builder/agents"]
          }
          getGeneration = {
            authorization = "COGNITO_USER_POOLS"
            function      = "generation"
            method        = "GET"
            path          = "/generations/{generation_id}"
            request_parameters = {
              "method.request.path.generation_id" = true
            }
            scopes = ["site-builder/generate"]
          }
          getPage = {
            authorization = "COGNITO_USER_POOLS"
            function      = "generation"
            method        = "GET"
            path          = "/generations/{generation_id}/pages/{page_id}"
            request_parameters = {
              "method.request.path.generation_id" = true
              "method.request.path.page_id"       = true
            }
            scopes = ["site-builder/generate"]
          }
          listAgents = {
            authorization = "COGNITO_USER_POOLS"
            function      = "agents"
            method        = "GET"
            path          = "/agents"
            request_parameters = {
              "method.request.querystring.cursor" = false
              "method.request.querystring.limit"  = false
            }
            scopes = ["site-builder/agents"]
          }
          listGenerations = {
            authorization = "COGNITO_USER_POOLS"
            function      = "generation"
            method        = "GET"
            path          = "/generations"
            request_parameters = {
              "method.request.querystring.cursor" = false
              "method.request.querystring.limit"  = false
              "method.request.querystring.status" = false
            }
            scopes = ["site-builder/generate"]
          }
          validateSite = {
            authorization        = "COGNITO_USER_POOLS"
            function             = "validation"
            method               = "POST"
            path                 = "/validations"
            request_model        = "ValidationRequest"
            scopes               = ["site-builder/validate"]
            timeout_milliseconds = 15000
          }
        }
        stage = "dev"
        throttling = {
          burst_limit = 50
          rate_limit  = 25
        }
      }
    }
  }
  dynamodb = {
    tables = {
      agents = {
        deletion_protection = false
        hash_key = {
          name = "owner_id"
        }
        kms_key_arn = null
        name        = "site-builder-agents-dev"
        range_key = {
          name = "agent_id"
        }
        replicas = []
      }
      generations = {
        deletion_protection = false
        global_secondary_indexes = [
          {
            hash_key = {
              name = "owner_id"
            }
            name = "by_status"
            range_key = {
              name = "status_id"
            }
          },
        ]
        hash_key = {
          name = "owner_id"
        }
        kms_key_arn = null
        name        = "site-builder-generations-dev"
        range_key = {
          name = "generation_id"
        }
        replicas      = []
        ttl_attribute = "expires_at"
      }
    }
  }
  iam = {
    roles = {
      agents = {
        description = "Reads the agents"
        dynamodb = {
          read = ["agents"]
        }
        kms           = {}
        log_group_arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/site-builder-agents-dev"
        name          = "site-builder-agents-dev-eu-west-1"
      }
      generation = {
        description = "Keeps orders, reads and deletes what was generated"
        dynamodb = {
          read  = ["generations"]
          write = ["generations"]
        }
        invoked_function_arns = ["arn:aws:lambda:eu-west-1:111111111111:function:site-builder-worker-dev:live"]
        kms                   = {}
        log_group_arn         = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/site-builder-generation-dev"
        name                  = "site-builder-generation-dev-eu-west-1"
        s3 = {
          read = [
            {
              bucket   = "sites"
              prefixes = ["generations/"]
            },
          ]
          write = [
            {
              bucket   = "sites"
              prefixes = ["generations/"]
            },
          ]
        }
      }
      validation = {
        description   = "Needs nothing but its log"
        kms           = {}
        log_group_arn = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/site-builder-validation-dev"
        name          = "site-builder-validation-dev-eu-west-1"
      }
      worker = {
        bedrock = {
          inference_profiles = ["eu.anthropic.claude-sonnet-5-5"]
          region             = "eu-west-1"
          routed_regions     = ["eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-3"]
        }
        description = "Calls the model, keeps what it generated"
        dynamodb = {
          write = ["generations"]
        }
        invoked_function_arns = ["arn:aws:lambda:eu-west-1:111111111111:function:site-builder-generation-dev:live"]
        kms                   = {}
        log_group_arn         = "arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/site-builder-worker-dev"
        name                  = "site-builder-worker-dev-eu-west-1"
        s3 = {
          write = [
            {
              bucket   = "sites"
              prefixes = ["generations/"]
            },
          ]
        }
      }
    }
  }
  lambda = {
    functions = {
      agents = {
        artifact_bucket = "artifacts"
        description     = "Lists the agents that may be asked to generate"
        environment = {
          CORS_ORIGIN = "*"
          TABLE_NAME  = "site-builder-agents-dev"
        }
        handler            = "app.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 30
        memory_size        = 256
        name               = "site-builder-agents-dev"
        timeout            = 10
      }
      generation = {
        artifact_bucket = "artifacts"
        description     = "Takes orders for sites, and tells of them"
        environment = {
          BEDROCK_MODEL_ID = "eu.anthropic.claude-sonnet-5-5"
          BUCKET_NAME      = "site-builder-sites-dev-111111111111-eu-west-1"
          CORS_ORIGIN      = "*"
          TABLE_NAME       = "site-builder-generations-dev"
          WORKER           = "site-builder-worker-dev:live"
        }
        handler            = "app.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 30
        memory_size        = 256
        name               = "site-builder-generation-dev"
        timeout            = 10
      }
      validation = {
        artifact_bucket = "artifacts"
        description     = "Validates generated pages"
        environment = {
          CORS_ORIGIN = "*"
        }
        handler            = "app.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 30
        memory_size        = 256
        name               = "site-builder-validation-dev"
        timeout            = 10
      }
      worker = {
        artifact_bucket = "artifacts"
        async = {
          maximum_event_age      = 3600
          maximum_retry_attempts = 2
          on_failure_arn         = "arn:aws:lambda:eu-west-1:111111111111:function:site-builder-generation-dev:live"
        }
        description = "Generates sites with Bedrock"
        environment = {
          BEDROCK_REGION = "eu-west-1"
          BUCKET_NAME    = "site-builder-sites-dev-111111111111-eu-west-1"
          TABLE_NAME     = "site-builder-generations-dev"
        }
        handler            = "worker.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 30
        name               = "site-builder-worker-dev"
        timeout            = 300
      }
    }
    layers = {
      common = {
        artifact_bucket          = "artifacts"
        compatible_architectures = ["arm64"]
        compatible_runtimes      = ["python3.12"]
        description              = "What all functions share"
        name                     = "site-builder-common-dev"
      }
    }
    packages = {
      "functions/agents" = {
        s3_key           = "set-by-ansible"
        source_code_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      "functions/generation" = {
        s3_key           = "set-by-ansible"
        source_code_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      "functions/validation" = {
        s3_key           = "set-by-ansible"
        source_code_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      "functions/worker" = {
        s3_key           = "set-by-ansible"
        source_code_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
      "layers/common" = {
        s3_key           = "set-by-ansible"
        source_code_hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
      }
    }
  }
  monitoring = {
    monitoring = {
      dashboard_name = "site-builder-overview-dev-eu-west-1"
      emails         = ["site-builder-dev@example.com"]
      thresholds = {
        api_5xx                 = 5
        api_latency_p99_ms      = 5000
        dynamodb_system_errors  = 5
        dynamodb_throttles      = 10
        lambda_duration_percent = 90
        lambda_errors           = 5
        lambda_throttles        = 5
        replication_latency_ms  = 300000
      }
      topic_name = "site-builder-alerts-dev"
    }
  }
  s3 = {
    buckets = {
      artifacts = {
        access_logging = {
          bucket = "logs"
        }
        kms_key_arn = null
        lifecycle_rules = [
          {
            id                                 = "old-versions"
            noncurrent_version_expiration_days = 90
          },
        ]
        name = "site-builder-artifacts-dev-111111111111-eu-west-1"
      }
      logs = {
        kms_key_arn = null
        lifecycle_rules = [
          {
            expiration_days                    = 365
            id                                 = "expire"
            noncurrent_version_expiration_days = 30
          },
        ]
        name = "site-builder-logs-dev-111111111111-eu-west-1"
      }
      sites = {
        access_logging = {
          bucket = "logs"
        }
        eventbridge = true
        kms_key_arn = null
        lifecycle_rules = [
          {
            id                                 = "old-versions"
            noncurrent_version_expiration_days = 365
            noncurrent_version_transitions = [
              {
                days          = 30
                storage_class = "STANDARD_IA"
              },
            ]
          },
        ]
        name = "site-builder-sites-dev-111111111111-eu-west-1"
      }
    }
  }
}
tags = {
  Environment = "dev"
  ManagedBy   = "Terraform"
  Service     = "site-builder"
}
