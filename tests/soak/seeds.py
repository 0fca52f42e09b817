"""Templates with every construct that tapctl reads, and a snapshot with every part."""

from typing import Any

TEMPLATES = {
    "functions.yaml": """\
AWSTemplateFormatVersion: "2010-09-09"
Description: Reservations by every intrinsic function.
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Number: {Type: Number, Default: 5, MinValue: 1, MaxValue: 500}
  Names: {Type: CommaDelimitedList, Default: "a,b,c"}
  Secret: {Type: String, NoEcho: true, Default: none}
  Size: {Type: "AWS::SSM::Parameter::Value<String>", Default: /sizes/one}
Mappings:
  Sizes: {dev: {reserved: 3}, prod: {reserved: 30}}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  Either: !Or [!Condition IsProd, !Not [!Condition IsProd]]
Rules:
  One: {Assertions: [{Assert: !Equals [!Ref Stage, dev]}]}
Metadata:
  defaults: &defaults
    Runtime: python3.13
    Handler: index.handle
    Role: !GetAtt Role.Arn
    Code: {ZipFile: "x"}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties: {AssumeRolePolicyDocument: {}}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {<<: *defaults, ReservedConcurrentExecutions: 400}
  Mapped:
    Type: AWS::Lambda::Function
    Condition: Either
    Properties: {<<: *defaults, ReservedConcurrentExecutions: !FindInMap [Sizes, !Ref Stage, reserved]}
  Chosen:
    Type: AWS::Lambda::Function
    DependsOn: Plain
    Properties:
      <<: *defaults
      FunctionName: !Sub "${AWS::StackName}-chosen"
      ReservedConcurrentExecutions: !If [IsProd, 100, !Ref Number]
  Selected:
    Type: AWS::Lambda::Function
    DeletionPolicy: Retain
    Properties: {<<: *defaults, ReservedConcurrentExecutions: !Select [1, [1, 250, 3]]}
  Looked:
    Type: AWS::Lambda::Function
    Properties: {<<: *defaults, ReservedConcurrentExecutions: !Ref Size, Description: !Join [",", !Ref Names]}
  Imported:
    Type: AWS::Lambda::Function
    Properties: {<<: *defaults, ReservedConcurrentExecutions: !ImportValue reserved}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Plain, ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 7}}
  Alias:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref Plain
      FunctionVersion: !GetAtt Version.Version
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: !Ref Number}
  Target:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ServiceNamespace: lambda
      ScalableDimension: lambda:function:ProvisionedConcurrency
      ResourceId: !Sub "function:${Plain}:live"
      MinCapacity: 1
      MaxCapacity: 20
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Plain
      EventSourceArn: !GetAtt Queue.Arn
      ScalingConfig: {MaximumConcurrency: 500}
  Queue: {Type: "AWS::SQS::Queue"}
  Table:
    Type: AWS::DynamoDB::Table
    Properties: {BillingMode: PROVISIONED, ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}}
Outputs:
  Arn: {Value: !GetAtt Plain.Arn, Export: {Name: !Sub "${AWS::StackName}-arn"}}
  Text: {Condition: IsProd, Value: !Base64 {"Fn::Sub": ["${a}", {a: !Split ["-", "x-y"]}]}}
""",
    "loops.json": """\
{
  "Transform": ["AWS::LanguageExtensions", "AWS::Serverless-2016-10-31"],
  "Parameters": {"Sites": {"Type": "CommaDelimitedList", "Default": "One,Two"}},
  "Mappings": {"Reserved": {"One": {"n": 50}, "Two": {"n": 60}}},
  "Globals": {"Function": {"Runtime": "nodejs22.x", "Handler": "a.b", "CodeUri": "s3://bucket/key", "Timeout": 3}},
  "Resources": {
    "Fn::ForEach::Sites": ["Site", {"Ref": "Sites"}, {
      "Worker${Site}": {"Type": "AWS::Serverless::Function", "Properties": {
        "ReservedConcurrentExecutions": {"Fn::FindInMap": ["Reserved", {"Ref": "Site"}, "n", {"DefaultValue": 1}]},
        "AutoPublishAlias": "live",
        "ProvisionedConcurrencyConfig": {"ProvisionedConcurrentExecutions": 2},
        "Events": {"Api": {"Type": "Api", "Properties": {"Path": "/x", "Method": "get"}}}}}}],
    "Fn::ForEach::Queues": ["Name", ["A", "B"], {"Queue${Name}": {"Type": "AWS::SQS::Queue"}}],
    "Count": {"Type": "AWS::Lambda::Function", "Properties": {
      "Code": {"ZipFile": {"Fn::ToJsonString": {"a": {"Fn::Length": {"Ref": "Sites"}}}}},
      "Role": "arn:aws:iam::123456789012:role/any", "ReservedConcurrentExecutions": {"Fn::Length": ["a", "b"]}}}
  },
  "Outputs": {"Fn::ForEach::Out": ["Site", {"Ref": "Sites"}, {"Arn${Site}": {"Value": {"Ref": "Site"}}}]}
}
""",
    "nesting.yaml": """\
Resources:
  Fn::Transform: {Name: AWS::Include, Parameters: {Location: snippet.yaml}}
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: functions.yaml, Parameters: {Stage: prod, Number: !Ref AWS::AccountId}}
  Far:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: https://bucket.s3.amazonaws.com/t.yaml}
  Macro:
    Type: AWS::Lambda::Function
    Properties: {Fn::Transform: {Name: Own, Parameters: {A: 1}}, ReservedConcurrentExecutions: 300}
  Module: {Type: "My::Own::Function::MODULE", Properties: {A: 1}}
""",
    "snippet.yaml": """\
Resources: {None: {Type: AWS::SNS::Topic}}
Included:
  Type: AWS::Lambda::Function
  Properties: {ReservedConcurrentExecutions: 20, Handler: a.b, Runtime: python3.13, Role: r, Code: {ZipFile: x}}
""",
}

SNAPSHOT: dict[str, Any] = {
    "schema": "tapctl.account/1",
    "taken_at": "2024-01-01T00:00:00Z",
    "account_id": "123456789012",
    "region": "us-east-1",
    "limits": {"concurrent_executions": 1000, "unreserved_concurrent_executions": 500, "total_code_size": 80530636800},
    "usage": {"total_code_size": 1000, "function_count": 3},
    "stack": {
        "name": "shop",
        "status": "UPDATE_COMPLETE",
        "functions": {
            "Plain": {"physical_id": "shop-plain", "reserved": 100, "provisioned": 0},
            "Chosen": {"physical_id": "shop-chosen", "reserved": None, "provisioned": 3},
        },
        "parameters": {"Stage": "dev"},
        "resources": {"Queue": "AWS::SQS::Queue"},
        "exports": {"shop-arn": "arn"},
    },
    "quotas": {"iam/L-FE177D64": {"value": 1000, "usage": 12}},
    "exports": {"reserved": "7", "shop-arn": "arn"},
    "imports": {"shop-arn": ["other"]},
    "lookups": {"ssm:/sizes/one": "9", "import:reserved": "7"},
    "holders": {"functions": {"billing": 40}},
    "floor": {"minimum": 100, "limit": 1000, "seen": "2024-01-01"},
}
