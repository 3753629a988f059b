"""
Purpose: deploys the stacks of one environment into an empty account that moto plays, in the order in
which they rest on one another, and destroys them again.
    python deploy-in-moto.py ASSEMBLY ENVIRONMENT
Invariants: prints one line of JSON: {"deployed": {stack: [types]}, "unsupported": [types],
"stacksLeft": [names], "left": {kind: count}}. What moto cannot make at all is a placeholder with a
name, and its type is listed as unsupported. No account is asked.
Fails: with moto's own error, where a stack cannot be created or deleted.
"""
import json
import io
import os
import pathlib
import sys
import zipfile

os.environ.update(
    AWS_ACCESS_KEY_ID="none", AWS_SECRET_ACCESS_KEY="none", AWS_DEFAULT_REGION="us-east-1"
)
os.environ.pop("AWS_PROFILE", None)

import boto3  # noqa: E402
from moto.cloudformation import parsing  # noqa: E402
from moto import mock_aws  # noqa: E402

ORDER = ["data", "network", "features", "training", "batch", "stream", "inference", "monitoring"]
ORDER += ["delivery"]
assembly, environment = pathlib.Path(sys.argv[1]), sys.argv[2]


def client(name):
    return boto3.client(name)


def bootstrap():
    """What `cdk bootstrap` leaves that a template asks for."""
    client("ssm").put_parameter(
        Name="/cdk-bootstrap/hnb659fds/version", Value="30", Type="String"
    )
    account = client("sts").get_caller_identity()["Account"]
    bucket = f"cdk-hnb659fds-assets-{account}-us-east-1"
    client("s3").create_bucket(Bucket=bucket)
    return bucket


def brokers_network():
    """The network of a stream's brokers is there before: its ids in the templates, and moto's."""
    ec2 = client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    subnets = [one["SubnetId"] for one in ec2.describe_subnets(Filters=inside)["Subnets"]]
    group = ec2.describe_security_groups(Filters=inside)["SecurityGroups"][0]["GroupId"]
    return {
        "vpc-0123456789abcdef0": vpc,
        "subnet-0123456789abcdef0": subnets[0],
        "subnet-0123456789abcdef1": subnets[1],
        "sg-0123456789abcdef0": group,
    }


def publish(bucket, stack):
    """The assets of a stack, as the CDK would upload them."""
    files = json.loads((assembly / f"{stack}.assets.json").read_text())["files"]
    for name, file in files.items():
        source = assembly / file["source"]["path"]
        if file["source"]["packaging"] != "zip":
            continue
        held = io.BytesIO()
        with zipfile.ZipFile(held, "w") as packed:
            for path in sorted(source.rglob("*")):
                if path.is_file():
                    packed.write(path, path.relative_to(source))
        client("s3").put_object(Bucket=bucket, Key=f"{name}.zip", Body=held.getvalue())


class Placeholder:
    """A resource that moto cannot make: it has a name and attributes for those who refer to it."""

    def __init__(self, kind, name):
        self.kind, self.name = kind, name

    @property
    def physical_resource_id(self):
        return self.name

    @classmethod
    def has_cfn_attr(cls, attr):
        return True

    def get_cfn_attribute(self, attribute_name):
        return attribute(self.kind, attribute_name)

    @staticmethod
    def is_created():
        return True

    @classmethod
    def create_from_cloudformation_json(cls, resource_name, cloudformation_json, *_args, **_more):
        return cls(cloudformation_json["Type"], resource_name)

    @classmethod
    def delete_from_cloudformation_json(cls, *args, **kwargs):
        pass


def attribute(kind, name):
    service = kind.split("::")[1].lower()
    if name.endswith("Url"):
        return f"https://{service}.example.org/"
    return f"arn:aws:{service}:us-east-1:123456789012:{service}/{name}"


# moto has a model, which takes an alias for a function and finds none.
BROKEN = {"AWS::Lambda::Permission"}


def fill_gaps(types):
    """
    What a model of moto lacks is a text: that something refers to it is still checked.
    Returns the types that moto has no model of.
    """
    models = parsing.get_model_map()
    missing = sorted(kind for kind in types if models.get(kind) is None or kind in BROKEN)
    for kind in missing:
        models[kind] = Placeholder
    for kind in types:
        model = models[kind]
        if not hasattr(model, "physical_resource_id"):
            model.physical_resource_id = property(lambda self: self.name)
        if not hasattr(model, "get_cfn_attribute"):
            model.get_cfn_attribute = lambda self, name, kind=kind: attribute(kind, name)
            model.has_cfn_attr = classmethod(lambda cls, name: True)
    return missing


def remove_route_tables():
    """What moto's CloudFormation leaves of a network, and then refuses to delete it for."""
    ec2 = client("ec2")
    for table in ec2.describe_route_tables()["RouteTables"]:
        held = table["Associations"]
        if any(one["Main"] for one in held):
            continue
        for one in held:
            ec2.disassociate_route_table(AssociationId=one["RouteTableAssociationId"])
        ec2.delete_route_table(RouteTableId=table["RouteTableId"])


def what_is_left(toolkit):
    """How many there are of what costs money or holds data; the toolkit's bucket is not ours."""
    buckets = [one["Name"] for one in client("s3").list_buckets()["Buckets"]]
    return {
        "buckets": len([name for name in buckets if name != toolkit]),
        "repositories": len(client("ecr").describe_repositories()["repositories"]),
        "functions": len(client("lambda").list_functions()["Functions"]),
        "queues": len(client("sqs").list_queues().get("QueueUrls", [])),
        "stateMachines": len(client("stepfunctions").list_state_machines()["stateMachines"]),
        "topics": len(client("sns").list_topics()["Topics"]),
        "fileSystems": len(client("efs").describe_file_systems()["FileSystems"]),
    }


def main():
    bucket = bootstrap()
    formation = client("cloudformation")
    stacks = [f"headway-{environment}-{name}" for name in ORDER]
    stacks = [stack for stack in stacks if (assembly / f"{stack}.template.json").exists()]
    templates = {
        stack: json.loads((assembly / f"{stack}.template.json").read_text()) for stack in stacks
    }
    types = {one["Type"] for held in templates.values() for one in held["Resources"].values()}
    missing = fill_gaps(types)
    deployed = {}
    brokers = brokers_network()
    for stack in stacks:
        template = templates[stack]
        publish(bucket, stack)
        body = json.dumps(template)
        for name, made in brokers.items():
            body = body.replace(name, made)
        given = [
            {"ParameterKey": name, "ParameterValue": "a1b2c3"}
            for name, parameter in template.get("Parameters", {}).items()
            if "Default" not in parameter
        ]
        client("s3").put_object(Bucket=bucket, Key=f"{stack}.json", Body=body)
        formation.create_stack(
            StackName=stack,
            TemplateURL=f"https://s3.amazonaws.com/{bucket}/{stack}.json",
            Parameters=given,
            Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        status = formation.describe_stacks(StackName=stack)["Stacks"][0]
        if status["StackStatus"] != "CREATE_COMPLETE":
            raise SystemExit(f"{stack}: {status['StackStatus']} {status.get('StackStatusReason')}")
        made = formation.describe_stack_resources(StackName=stack)["StackResources"]
        deployed[stack] = sorted({one["ResourceType"] for one in made if "ResourceType" in one})
    for stack in reversed(stacks):
        if stack.endswith("-network"):
            remove_route_tables()
        formation.delete_stack(StackName=stack)
    left = [one["StackName"] for one in formation.describe_stacks()["Stacks"]]
    print(
        json.dumps(
            {
                "deployed": deployed,
                "unsupported": missing,
                "stacksLeft": left,
                "left": what_is_left(bucket),
            }
        )
    )


with mock_aws():
    main()
