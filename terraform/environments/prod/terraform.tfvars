# Rendered from inventories/prod by playbooks/render.yml, see docs/environments.md.

account_id     = "333333333333"
environment    = "prod"
region         = "af-south-1"
replica_region = "eu-west-1"
stacks = {
  api_gateway = {
    apis = {
      generation = {
        cognito_user_pool_arns = ["arn:aws:cognito-idp:af-south-1:333333333333:userpool/af-south-1_ExampleProd"]
        cors = {
          headers = ["Authorization", "Content-Type", "Idempotency-Key", "X-Amz-Date", "X-Amz-Security-Token", "X-Api-Key"]
          origins = ["*"]
        }
        description = "Site Builder Bedrock Generation API"
        logs = {
          group_name        = "/aws/apigateway/site-builder-generation-prod"
          kms_key_arn       = null
          retention_in_days = 365
        }
        models = {
          GenerationRequest = {
            schema = "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"additionalProperties\": false, \"properties\": {\"locale\": {\"default\": \"en-ZA\", \"description\": \"The language of the site.\", \"pattern\": \"^[a-z]{2}(-[A-Z]{2})?$\", \"type\": \"string\"}, \"max_pages\": {\"default\": 5, \"maximum\": 20, \"minimum\": 1, \"type\": \"integer\"}, \"prompt\": {\"description\": \"What the site is for, in the customer's words.\", \"maxLength\": 4000, \"minLength\": 1, \"pattern\": \"\\\\S\", \"type\": \"string\"}}, \"required\": [\"prompt\"], \"title\": \"GenerationRequest\", \"type\": \"object\"}"
          }
          ValidationRequest = {
            schema = "{\"$schema\": \"http://json-schema.org/draft-04/schema#\", \"description\": \"The site. Only an object, as it is the function that says what is wrong with it.\", \"title\": \"ValidationRequest\", \"type\": \"object\"}"
          }
        }
        name = "site-builder-generation-prod"
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
        stage = "prod"
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
        deletion_protection = true
        hash_key = {
          name = "owner_id"
        }
        kms_key_arn = null
        name        = "site-builder-agents-prod"
        range_key = {
          name = "agent_id"
        }
        replicas = [
          {
            kms_key_arn = null
            region      = "eu-west-1"
          },
        ]
      }
      generations = {
        deletion_protection = true
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
        name        = "site-builder-generations-prod"
        range_key = {
          name = "generation_id"
        }
        replicas = [
          {
            kms_key_arn = null
            region      = "eu-west-1"
          },
        ]
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
        log_group_arn = "arn:aws:logs:af-south-1:333333333333:log-group:/aws/lambda/site-builder-agents-prod"
        name          = "site-builder-agents-prod-af-south-1"
      }
      generation = {
        description = "Keeps orders, reads and deletes what was generated"
        dynamodb = {
          read  = ["generations"]
          write = ["generations"]
        }
        invoked_function_arns = ["arn:aws:lambda:af-south-1:333333333333:function:site-builder-worker-prod:live"]
        kms                   = {}
        log_group_arn         = "arn:aws:logs:af-south-1:333333333333:log-group:/aws/lambda/site-builder-generation-prod"
        name                  = "site-builder-generation-prod-af-south-1"
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
        log_group_arn = "arn:aws:logs:af-south-1:333333333333:log-group:/aws/lambda/site-builder-validation-prod"
        name          = "site-builder-validation-prod-af-south-1"
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
        invoked_function_arns = ["arn:aws:lambda:af-south-1:333333333333:function:site-builder-generation-prod:live"]
        kms                   = {}
        log_group_arn         = "arn:aws:logs:af-south-1:333333333333:log-group:/aws/lambda/site-builder-worker-prod"
        name                  = "site-builder-worker-prod-af-south-1"
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
          TABLE_NAME  = "site-builder-agents-prod"
        }
        handler            = "app.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 365
        memory_size        = 256
        name               = "site-builder-agents-prod"
        timeout            = 10
      }
      generation = {
        artifact_bucket = "artifacts"
        description     = "Takes orders for sites, and tells of them"
        environment = {
          BEDROCK_MODEL_ID = "eu.anthropic.claude-sonnet-5-5"
          BUCKET_NAME      = "site-builder-sites-prod-333333333333-af-south-1"
          CORS_ORIGIN      = "*"
          TABLE_NAME       = "site-builder-generations-prod"
          WORKER           = "site-builder-worker-prod:live"
        }
        handler            = "app.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 365
        memory_size        = 256
        name               = "site-builder-generation-prod"
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
        log_retention_days = 365
        memory_size        = 256
        name               = "site-builder-validation-prod"
        timeout            = 10
      }
      worker = {
        artifact_bucket = "artifacts"
        async = {
          maximum_event_age      = 3600
          maximum_retry_attempts = 2
          on_failure_arn         = "arn:aws:lambda:af-south-1:333333333333:function:site-builder-generation-prod:live"
        }
        description = "Generates sites with Bedrock"
        environment = {
          BEDROCK_REGION = "eu-west-1"
          BUCKET_NAME    = "site-builder-sites-prod-333333333333-af-south-1"
          TABLE_NAME     = "site-builder-generations-prod"
        }
        handler            = "worker.handler"
        kms_key_arn        = null
        layers             = ["common"]
        log_kms_key_arn    = null
        log_retention_days = 365
        name               = "site-builder-worker-prod"
        timeout            = 300
      }
    }
    layers = {
      common = {
        artifact_bucket          = "artifacts"
        compatible_architectures = ["arm64"]
        compatible_runtimes      = ["python3.12"]
        description              = "What all functions share"
        name                     = "site-builder-common-prod"
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
      dashboard_name = "site-builder-overview-prod-af-south-1"
      emails         = ["site-builder-oncall@example.com"]
      thresholds = {
        api_5xx                 = 1
        api_latency_p99_ms      = 5000
        dynamodb_system_errors  = 1
        dynamodb_throttles      = 1
        lambda_duration_percent = 90
        lambda_errors           = 1
        lambda_throttles        = 1
        replication_latency_ms  = 60000
      }
      topic_name = "site-builder-alerts-prod"
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
        name = "site-builder-artifacts-prod-333333333333-af-south-1"
        replication = {
          bucket_name = "site-builder-artifacts-prod-333333333333-eu-west-1"
          kms_key_arn = null
          metrics     = true
          role_name   = "site-builder-artifacts-replication-prod-af-south-1"
        }
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
        name = "site-builder-logs-prod-333333333333-af-south-1"
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
        name = "site-builder-sites-prod-333333333333-af-south-1"
        replication = {
          bucket_name = "site-builder-sites-prod-333333333333-eu-west-1"
          kms_key_arn = null
          metrics     = true
          role_name   = "site-builder-sites-replication-prod-af-south-1"
        }
      }
    }
  }
}
tags = {
  Environment = "prod"
  ManagedBy   = "Terraform"
  Service     = "site-builder"
}
