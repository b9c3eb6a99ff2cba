"""Which IAM actions a call to AWS needs. Most operations are actions of the same name; the tables hold the others.

Sources: the service authorization reference (https://docs.aws.amazon.com/service-authorization/latest/reference/) and, where an
operation needs more than itself, the user guide that says so.
"""

from __future__ import annotations

import functools

import botocore.session

# What AWS answers whoever asks, or whose refusal nobody minds.
FREE = {
    "sts GetCallerIdentity": "needs no permission: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html",
    "iam GetUser": "aws-sdk-go-base asks for the account id; where it is refused, as for every role, it asks STS",
}
# Of the embedded AWS itself, which makes the user pool that real accounts have.
OF_THE_EMBEDDED_AWS = {"cognito-idp ListUserPools", "cognito-idp CreateUserPool"}

_PREFIXES = {"s3control": "s3"}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_S3 = {
    "CopyObject": {"GetObject", "PutObject"},
    "CompleteMultipartUpload": {"PutObject"},
    "CreateMultipartUpload": {"PutObject"},
    "UploadPart": {"PutObject"},
    "DeleteBucketCors": {"PutBucketCORS"},
    "DeleteBucketEncryption": {"PutEncryptionConfiguration"},
    "DeleteBucketLifecycle": {"PutLifecycleConfiguration"},
    "DeleteBucketOwnershipControls": {"PutBucketOwnershipControls"},
    "DeleteBucketReplication": {"PutReplicationConfiguration"},
    "DeleteBucketTagging": {"PutBucketTagging"},
    "DeleteObjects": {"DeleteObject", "DeleteObjectVersion"},
    "DeletePublicAccessBlock": {"PutBucketPublicAccessBlock"},
    "GetBucketAccelerateConfiguration": {"GetAccelerateConfiguration"},
    "GetBucketCors": {"GetBucketCORS"},
    "GetBucketEncryption": {"GetEncryptionConfiguration"},
    "GetBucketLifecycleConfiguration": {"GetLifecycleConfiguration"},
    "GetBucketNotificationConfiguration": {"GetBucketNotification"},
    "GetBucketReplication": {"GetReplicationConfiguration"},
    "GetObjectLockConfiguration": {"GetBucketObjectLockConfiguration"},
    "GetPublicAccessBlock": {"GetBucketPublicAccessBlock"},
    "HeadBucket": {"ListBucket"},
    "HeadObject": {"GetObject"},
    "ListBucketInventoryConfigurations": {"GetInventoryConfiguration"},
    "ListBuckets": {"ListAllMyBuckets"},
    "ListObjectVersions": {"ListBucketVersions"},
    "ListObjects": {"ListBucket"},
    "ListObjectsV2": {"ListBucket"},
    "PutBucketCors": {"PutBucketCORS"},
    "PutBucketEncryption": {"PutEncryptionConfiguration"},
    "PutBucketLifecycleConfiguration": {"PutLifecycleConfiguration"},
    "PutBucketNotificationConfiguration": {"PutBucketNotification"},
    "PutBucketReplication": {"PutReplicationConfiguration"},
    "PutPublicAccessBlock": {"PutBucketPublicAccessBlock"},
}
# The tags that come with a create need the permission to tag, too: https://docs.aws.amazon.com/tag-editor/latest/userguide/ and each
# service's reference, at the create.
_TAGGED = {
    "cloudwatch PutMetricAlarm": "cloudwatch:TagResource",
    "dynamodb CreateTable": "dynamodb:TagResource",
    "iam CreateRole": "iam:TagRole",
    "kms CreateKey": "kms:TagResource",
    "lambda CreateFunction": "lambda:TagResource",
    "logs CreateLogGroup": "logs:TagResource",
    "sns CreateTopic": "sns:TagResource",
}
# Operations that need more than themselves, or something else.
_OTHERS: dict[str, set[str]] = {
    # A replica is filled by DynamoDB in the name of the caller:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/globaltables-security.html
    "dynamodb UpdateTable": {
        "dynamodb:UpdateTable",
        "dynamodb:CreateTableReplica",
        "dynamodb:DeleteTableReplica",
        "iam:CreateServiceLinkedRole",
        *(
            f"dynamodb:{name}"
            for name in ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
        ),
    },
    # Without the second one AWS leaves the tags out, and Terraform sets them for ever:
    # https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html#API_GetFunction_ResponseElements
    "lambda GetFunction": {"lambda:GetFunction", "lambda:ListTags"},
    # The function's role is given to Lambda, that of replication to S3.
    "lambda CreateFunction": {"lambda:CreateFunction", "iam:PassRole", "lambda:GetLayerVersion"},
    "lambda UpdateFunctionConfiguration": {
        "lambda:UpdateFunctionConfiguration",
        "iam:PassRole",
        "lambda:GetLayerVersion",
    },
    "s3 PutBucketReplication": {"s3:PutReplicationConfiguration", "iam:PassRole"},
    "lambda Invoke": {"lambda:InvokeFunction"},
    "apigateway UpdateRestApi": {"apigateway:PATCH", "apigateway:UpdateRestApiPolicy"},
    # The first API of an account makes its service-linked role:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/using-service-linked-roles.html
    "apigateway CreateRestApi": {"apigateway:POST", "apigateway:UpdateRestApiPolicy", "iam:CreateServiceLinkedRole"},
    # https://docs.aws.amazon.com/waf/latest/developerguide/waf-api-permissions-ref.html: on the stage
    "wafv2 AssociateWebACL": {"wafv2:AssociateWebACL", "apigateway:SetWebACL"},
    "wafv2 DisassociateWebACL": {"wafv2:DisassociateWebACL", "apigateway:SetWebACL"},
}


@functools.cache
def _model(service: str) -> object:
    return botocore.session.get_session().get_service_model(service)


def actions(line: str) -> set[str]:
    """The IAM actions of a line ``service Operation`` of the embedded AWS's record; empty where none is needed."""
    if line in FREE:
        return set()
    return _alone(line) | ({_TAGGED[line]} if line in _TAGGED else set())


def _alone(line: str) -> set[str]:
    if line in _OTHERS:
        return _OTHERS[line]
    service, operation = line.split(" ", 1)
    model = _model(service).operation_model(operation)
    if service == "apigateway":
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-permissions.html: actions are HTTP methods.
        return {f"apigateway:{model.http['method']}"}
    if service == "s3":
        return {f"s3:{name}" for name in _S3.get(operation, {operation})}
    return {f"{_PREFIXES.get(service, service)}:{operation}"}


def operations(service: str) -> list[str]:
    """All operations of a service, as lines of a record."""
    return [f"{service} {name}" for name in _model(service).operation_names]
