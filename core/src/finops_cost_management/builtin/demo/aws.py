"""What the company has on AWS: the shop itself, its Kubernetes cluster, and most of its waste.

The prices are near public list prices, but this is no price list.
"""

from __future__ import annotations

from finops_cost_management.builtin.demo.vocabulary import (
    ALL_DAY,
    GROWING,
    HELD,
    OFFICE,
    SHOPPERS,
    SUNDAYS,
    WORKDAYS,
    Cloud,
    Commitment,
    Credit,
    Fee,
    Kind,
    Owner,
    Place,
    Price,
    Provider,
    Refund,
    Resource,
    Rhythm,
    Service,
    SubAccount,
    Use,
    Workload,
)

AWS = Provider(
    name="AWS",
    billing_account_id="012345670001",
    billing_account_name="Example Shop",
    billing_account_type="Management Account",
    sub_account_type="Member Account",
    negotiated_percent=3,
)
MANAGEMENT = SubAccount("012345670001", "shop-management", "prod")
PROD = SubAccount("123456780002", "shop-production", "prod")
STAGING = SubAccount("123456780003", "shop-staging", "staging")
DEV = SubAccount("034567890004", "shop-development", "dev")

EAST = Place("us-east-1", "US East (N. Virginia)")
EAST_A = Place("us-east-1", "US East (N. Virginia)", "us-east-1a")
EAST_B = Place("us-east-1", "US East (N. Virginia)", "us-east-1b")

EC2 = Service("Amazon Elastic Compute Cloud", "Compute", "Virtual Machines")
EBS = Service("Amazon Elastic Block Store", "Storage", "Block Storage")
EKS = Service("Amazon Elastic Kubernetes Service", "Compute", "Containers")
LAMBDA = Service("AWS Lambda", "Compute", "Serverless Compute")
S3 = Service("Amazon Simple Storage Service", "Storage", "Object Storage")
RDS = Service("Amazon Relational Database Service", "Databases", "Relational Databases")
DYNAMODB = Service("Amazon DynamoDB", "Databases", "NoSQL Databases")
ELB = Service("Elastic Load Balancing", "Networking", "Application Networking")
VPC = Service("Amazon Virtual Private Cloud", "Networking", "Network Infrastructure")
TRANSFER = Service("AWS Data Transfer", "Networking", "Network Connectivity")
CLOUDFRONT = Service("Amazon CloudFront", "Networking", "Content Delivery")
CLOUDWATCH = Service("Amazon CloudWatch", "Management and Governance", "Observability")
KINESIS = Service("Amazon Kinesis Data Streams", "Analytics", "Streaming Analytics")
SAGEMAKER = Service("Amazon SageMaker", "AI and Machine Learning", "Machine Learning")
SUPPORT = Service("AWS Support (Business)", "Management and Governance", "Support")
SAVINGS_PLANS = Service("Savings Plans for AWS Compute Usage", "Compute", "Other (Compute)")


def _instance(
    type_: str, list_price: str, cores: int, memory: int, meter: str = "BoxUsage"
) -> Price:
    return Price(
        service=EC2,
        meter=f"{meter}:{type_}",
        unit="Hours",
        list_price=list_price,
        details={
            "CoreCount": cores,
            "InstanceSeries": type_.partition(".")[0],
            "InstanceType": type_,
            "MemorySize": memory,
            "OperatingSystem": "Linux",
        },
        dynamic=meter == "SpotUsage",
    )


def _database(type_: str, list_price: str, cores: int, memory: int) -> Price:
    return Price(
        service=RDS,
        meter=f"InstanceUsage:{type_}",
        unit="Hours",
        list_price=list_price,
        details={"CoreCount": cores, "InstanceType": type_, "MemorySize": memory},
    )


def _storage(service: Service, meter: str, list_price: str, **details: str | int) -> Price:
    return Price(
        service=service,
        meter=meter,
        unit="GB-Months",
        list_price=list_price,
        details=details,
        by_the_month=True,
    )


def _metered(service: Service, meter: str, unit: str, list_price: str) -> Price:
    return Price(service=service, meter=meter, unit=unit, list_price=list_price, details={})


def _requests(service: Service, meter: str, list_price: str, per: int) -> Price:
    return Price(
        service=service,
        meter=meter,
        unit=f"{per} Requests",
        list_price=list_price,
        details={},
        counts=("Requests", per),
    )


C6I_2XLARGE = _instance("c6i.2xlarge", "0.34", 8, 16)
C6I_2XLARGE_SPOT = _instance("c6i.2xlarge", "0.1309", 8, 16, meter="SpotUsage")
M4_2XLARGE = _instance("m4.2xlarge", "0.40", 8, 32)
M5_XLARGE = _instance("m5.xlarge", "0.192", 4, 16)
M5_4XLARGE = _instance("m5.4xlarge", "0.768", 16, 64)
M6I_XLARGE = _instance("m6i.xlarge", "0.192", 4, 16)
M6I_4XLARGE = _instance("m6i.4xlarge", "0.768", 16, 64)
M7G_2XLARGE = _instance("m7g.2xlarge", "0.3264", 8, 32)
T3_LARGE = _instance("t3.large", "0.0832", 2, 8)
P3_2XLARGE = _metered(SAGEMAKER, "Notebk:ml.p3.2xlarge", "Hours", "3.825")
R6G_LARGE = _database("db.r6g.large", "0.215", 2, 16)
R6G_2XLARGE = _database("db.r6g.2xlarge", "0.86", 8, 64)
T3_MEDIUM_DB = _database("db.t3.medium", "0.068", 2, 4)
EXTENDED_SUPPORT = _metered(RDS, "ExtendedSupport:Yr1-Yr2:MySQL5.7", "VCPU-Hours", "0.10")
RDS_STORAGE = _storage(RDS, "RDS:GP3-Storage", "0.115", DiskType="SSD")
GP2 = _storage(EBS, "EBS:VolumeUsage.gp2", "0.10", DiskType="SSD")
GP3 = _storage(EBS, "EBS:VolumeUsage.gp3", "0.08", DiskType="SSD")
SNAPSHOTS = _storage(EBS, "EBS:SnapshotUsage", "0.05")
S3_STANDARD = _storage(S3, "TimedStorage-ByteHrs", "0.023", StorageClass="Standard")
S3_WRITES = _requests(S3, "Requests-Tier1", "0.005", 1000)
S3_READS = _requests(S3, "Requests-Tier2", "0.0004", 1000)
LAMBDA_CALLS = _requests(LAMBDA, "Request", "0.20", 1_000_000)
LAMBDA_TIME = _metered(LAMBDA, "Lambda-GB-Hours", "GB-Hours", "0.06")
DYNAMODB_READS = _requests(DYNAMODB, "ReadRequestUnits", "0.25", 1_000_000)
DYNAMODB_WRITES = _requests(DYNAMODB, "WriteRequestUnits", "1.25", 1_000_000)
DYNAMODB_STORAGE = _storage(DYNAMODB, "TimedStorage-ByteHrs", "0.25")
LOAD_BALANCER = _metered(ELB, "LoadBalancerUsage", "Hours", "0.0225")
LCU = _metered(ELB, "LCUUsage", "LCU-Hours", "0.008")
NAT = _metered(VPC, "NatGateway-Hours", "Hours", "0.045")
NAT_BYTES = _metered(VPC, "NatGateway-Bytes", "GB", "0.045")
ENDPOINT = _metered(VPC, "VpcEndpoint-Hours", "Hours", "0.01")
ENDPOINT_BYTES = _metered(VPC, "VpcEndpoint-Bytes", "GB", "0.01")
IPV4 = _metered(VPC, "PublicIPv4:InUseAddress", "Hours", "0.005")
IPV4_IDLE = _metered(VPC, "PublicIPv4:IdleAddress", "Hours", "0.005")
TRANSFER_IN = _metered(TRANSFER, "DataTransfer-In-Bytes", "GB", "0")
TRANSFER_OUT = _metered(TRANSFER, "DataTransfer-Out-Bytes", "GB", "0.09")
CDN_BYTES = _metered(CLOUDFRONT, "DataTransfer-Out-Bytes", "GB", "0.085")
CDN_REQUESTS = _requests(CLOUDFRONT, "Requests-Tier2-HTTPS", "1.00", 1_000_000)
LOGS = _metered(CLOUDWATCH, "DataProcessing-Bytes", "GB", "0.50")
LOGS_KEPT = _storage(CLOUDWATCH, "TimedStorage-ByteHrs", "0.03")
SHARDS = _metered(KINESIS, "Storage-ShardHour", "Shard-Hours", "0.015")
SHARD_PUTS = _requests(KINESIS, "PutRequestPayloadUnits", "0.014", 1_000_000)
CLUSTER = _metered(EKS, "AmazonEKS-Hours:perCluster", "Hours", "0.10")
SUPPORT_FEE = _metered(SUPPORT, "Support-Business", "Months", "640")

AFTERNOONS = Rhythm(week=(70, 68, 70, 74, 88, 100, 96), noise=60, step="1", at_most=24)
"""Hours of an instance that is added when the shop is busy."""
PEAKS = Rhythm(week=(34, 32, 34, 38, 55, 80, 72), noise=90, step="1", at_most=24)
"""Hours of an instance that is added when the shop is very busy."""


INSTANCE = Kind("EC2 Instance", "arn:aws:ec2:{region}:{account}:instance/i-{hex}")
VOLUME = Kind("EBS Volume", "arn:aws:ec2:{region}:{account}:volume/vol-{hex}")
SNAPSHOT = Kind("EBS Snapshot", "arn:aws:ec2:{region}:{account}:snapshot/snap-{hex}")
NAT_GATEWAY = Kind("NAT Gateway", "arn:aws:ec2:{region}:{account}:natgateway/nat-{hex}")
VPC_ENDPOINT = Kind("VPC Endpoint", "arn:aws:ec2:{region}:{account}:vpc-endpoint/vpce-{hex}")
ADDRESS = Kind("Elastic IP Address", "arn:aws:ec2:{region}:{account}:elastic-ip/eipalloc-{hex}")
BALANCER = Kind(
    "Application Load Balancer",
    "arn:aws:elasticloadbalancing:{region}:{account}:loadbalancer/app/{name}/{hex}",
)
DATABASE = Kind("RDS Instance", "arn:aws:rds:{region}:{account}:db:{name}")
TABLE = Kind("DynamoDB Table", "arn:aws:dynamodb:{region}:{account}:table/{name}")
BUCKET = Kind("S3 Bucket", "arn:aws:s3:::{name}")
FUNCTION = Kind("Lambda Function", "arn:aws:lambda:{region}:{account}:function:{name}")
DISTRIBUTION = Kind("CloudFront Distribution", "arn:aws:cloudfront::{account}:distribution/E{hex}")
LOG_GROUP = Kind("Log Group", "arn:aws:logs:{region}:{account}:log-group:/shop/{name}")
STREAM = Kind("Kinesis Stream", "arn:aws:kinesis:{region}:{account}:stream/{name}")
CLUSTER_KIND = Kind("EKS Cluster", "arn:aws:eks:{region}:{account}:cluster/{name}")
NOTEBOOK = Kind(
    "Notebook Instance", "arn:aws:sagemaker:{region}:{account}:notebook-instance/{name}"
)
SAVINGS_PLAN = Kind("Savings Plan", "arn:aws:savingsplans::{account}:savingsplan/{hex}")
RESERVED_DATABASE = Kind("Reserved DB Instance", "arn:aws:rds:{region}:{account}:ri:ri-{hex}")

WEB = Owner("storefront", "web-shop")
IMAGES = Owner("storefront", "product-images")
CHECKOUT = Owner("payments", "checkout")
SESSIONS = Owner("payments", "sessions")
LAKE = Owner("analytics", "data-lake")
KUBERNETES = Owner("platform", "kubernetes")
NETWORK = Owner("platform", "network")
OBSERVABILITY = Owner("platform", "observability")

NODE_WORKLOADS = (
    Workload("shop-cluster", "search", "storefront", 34),
    Workload("shop-cluster", "fraud-check", "payments", 22),
    Workload("shop-cluster", "recommendations", "analytics", 14),
    Workload("shop-cluster", "monitoring", "platform", 8),
    Workload("shop-cluster", "__idle__", None, 22),
)

_ON = (Use(M6I_4XLARGE, ALL_DAY),)
_DEV_BOX = (Use(M5_XLARGE, ALL_DAY),)
_DEV_DISK = (Use(GP3, "200"),)
_NODE = (Use(M6I_XLARGE, ALL_DAY),)

PRODUCTION = (
    Resource("web-1", INSTANCE, PROD, EAST_A, WEB, (Use(C6I_2XLARGE, ALL_DAY),)),
    Resource("web-2", INSTANCE, PROD, EAST_B, WEB, (Use(C6I_2XLARGE, ALL_DAY),)),
    Resource("web-3", INSTANCE, PROD, EAST_A, WEB, (Use(C6I_2XLARGE, ALL_DAY, AFTERNOONS),)),
    Resource("web-4", INSTANCE, PROD, EAST_B, WEB, (Use(C6I_2XLARGE, ALL_DAY, PEAKS),)),
    Resource(
        "web-front",
        BALANCER,
        PROD,
        EAST,
        WEB,
        (Use(LOAD_BALANCER, ALL_DAY), Use(LCU, "320", SHOPPERS)),
    ),
    Resource(
        "shop-cdn",
        DISTRIBUTION,
        PROD,
        None,
        WEB,
        (Use(CDN_BYTES, "820", SHOPPERS), Use(CDN_REQUESTS, "24", SHOPPERS)),
    ),
    Resource(
        "shop-product-images",
        BUCKET,
        PROD,
        EAST,
        IMAGES,
        (
            Use(S3_STANDARD, "9200", HELD),
            Use(S3_WRITES, "900", OFFICE),
            Use(S3_READS, "21000", SHOPPERS),
        ),
    ),
    Resource(
        "image-resizer",
        FUNCTION,
        PROD,
        EAST,
        IMAGES,
        (Use(LAMBDA_CALLS, "9", SHOPPERS), Use(LAMBDA_TIME, "403", SHOPPERS)),
    ),
    Resource("checkout-api-1", INSTANCE, PROD, EAST_A, CHECKOUT, _ON),
    Resource("checkout-api-2", INSTANCE, PROD, EAST_B, CHECKOUT, _ON),
    Resource("checkout-api-3", INSTANCE, PROD, EAST_A, CHECKOUT, _ON),
    Resource(
        "orders-db",
        DATABASE,
        PROD,
        EAST_A,
        CHECKOUT,
        (Use(R6G_2XLARGE, ALL_DAY), Use(RDS_STORAGE, "1800", HELD)),
    ),
    Resource(
        "payments-db",
        DATABASE,
        PROD,
        EAST_B,
        CHECKOUT,
        (Use(R6G_2XLARGE, ALL_DAY), Use(RDS_STORAGE, "900", HELD)),
        fits=R6G_LARGE,
    ),
    Resource(
        "receipts",
        FUNCTION,
        PROD,
        EAST,
        CHECKOUT,
        (Use(LAMBDA_CALLS, "14", SHOPPERS), Use(LAMBDA_TIME, "272", SHOPPERS)),
    ),
    Resource(
        "sessions",
        TABLE,
        PROD,
        EAST,
        SESSIONS,
        (
            Use(DYNAMODB_READS, "46", SHOPPERS),
            Use(DYNAMODB_WRITES, "13", SHOPPERS),
            Use(DYNAMODB_STORAGE, "340", HELD),
        ),
    ),
    Resource(
        "order-events",
        STREAM,
        PROD,
        EAST,
        CHECKOUT,
        (Use(SHARDS, "192"), Use(SHARD_PUTS, "900", SHOPPERS)),
    ),
    Resource(
        "outbound-traffic",
        NAT_GATEWAY,
        PROD,
        EAST,
        NETWORK,
        (
            Use(NAT, "48"),
            Use(NAT_BYTES, "310", SHOPPERS),
            Use(TRANSFER_OUT, "340", SHOPPERS),
            Use(TRANSFER_IN, "160", SHOPPERS),
        ),
    ),
    Resource(
        "storage-endpoint",
        VPC_ENDPOINT,
        PROD,
        EAST,
        NETWORK,
        (Use(ENDPOINT, "48"), Use(ENDPOINT_BYTES, "220", SHOPPERS)),
    ),
    Resource("web-address", ADDRESS, PROD, EAST, NETWORK, (Use(IPV4, "96"),)),
    Resource(
        "application-logs",
        LOG_GROUP,
        PROD,
        EAST,
        OBSERVABILITY,
        (Use(LOGS, "74", SHOPPERS), Use(LOGS_KEPT, "6100", HELD)),
    ),
    Resource(
        "shop-cluster",
        CLUSTER_KIND,
        PROD,
        EAST,
        KUBERNETES,
        (Use(CLUSTER, ALL_DAY),),
    ),
    Resource("node-1", INSTANCE, PROD, EAST_A, KUBERNETES, _NODE, workloads=NODE_WORKLOADS),
    Resource("node-2", INSTANCE, PROD, EAST_B, KUBERNETES, _NODE, workloads=NODE_WORKLOADS),
    Resource("node-3", INSTANCE, PROD, EAST_A, KUBERNETES, _NODE, workloads=NODE_WORKLOADS),
    Resource(
        "shop-data-lake",
        BUCKET,
        PROD,
        EAST,
        LAKE,
        (Use(S3_STANDARD, "14000", GROWING), Use(S3_WRITES, "1400", OFFICE)),
    ),
    Resource(
        "nightly-batch",
        INSTANCE,
        PROD,
        EAST_B,
        LAKE,
        (Use(C6I_2XLARGE_SPOT, "96", Rhythm(noise=150, step="1")),),
    ),
    Resource("weekly-export", INSTANCE, PROD, EAST_A, LAKE, (Use(M6I_4XLARGE, "20", SUNDAYS),)),
    Resource(
        "etl-worker", INSTANCE, PROD, EAST_A, LAKE, (Use(M5_4XLARGE, ALL_DAY),), fits=M5_XLARGE
    ),
    Resource(
        "inventory-sync",
        INSTANCE,
        PROD,
        EAST_B,
        None,
        (Use(M4_2XLARGE, ALL_DAY),),
        successor=M7G_2XLARGE,
    ),
    Resource("inventory-sync-disk", VOLUME, PROD, EAST_B, None, (Use(GP2, "300"),)),
    Resource(
        "clickstream-2023",
        STREAM,
        PROD,
        EAST,
        None,
        (Use(SHARDS, "96"),),
        idle="a stream that nobody writes to",
    ),
    Resource(
        "campaign-front",
        BALANCER,
        PROD,
        EAST,
        None,
        (Use(LOAD_BALANCER, ALL_DAY),),
        idle="a load balancer without traffic",
    ),
    Resource(
        "shop-legacy-exports",
        BUCKET,
        PROD,
        EAST,
        None,
        (Use(S3_STANDARD, "3100"),),
        idle="a bucket that nobody reads or writes",
    ),
    Resource(
        "old-order-backups",
        SNAPSHOT,
        PROD,
        EAST,
        None,
        (Use(SNAPSHOTS, "2600"),),
        idle="snapshots of a volume that is gone",
    ),
)

NON_PRODUCTION = (
    Resource(
        "web-staging",
        INSTANCE,
        STAGING,
        EAST_A,
        WEB,
        (Use(C6I_2XLARGE, ALL_DAY),),
        needed_hours=60,
    ),
    Resource(
        "checkout-staging",
        INSTANCE,
        STAGING,
        EAST_A,
        CHECKOUT,
        (Use(T3_LARGE, ALL_DAY),),
        needed_hours=60,
    ),
    Resource(
        "staging-db",
        DATABASE,
        STAGING,
        EAST_A,
        CHECKOUT,
        (
            Use(T3_MEDIUM_DB, ALL_DAY),
            Use(EXTENDED_SUPPORT, "48"),
            Use(RDS_STORAGE, "200"),
        ),
        needed_hours=60,
    ),
    Resource(
        "staging-outbound",
        NAT_GATEWAY,
        STAGING,
        EAST,
        NETWORK,
        (Use(NAT, ALL_DAY),),
        idle="a NAT gateway that no traffic passes",
    ),
    Resource("staging-logs", LOG_GROUP, STAGING, EAST, OBSERVABILITY, (Use(LOGS, "9", OFFICE),)),
    Resource(
        "queue-endpoint",
        VPC_ENDPOINT,
        STAGING,
        EAST,
        NETWORK,
        (Use(ENDPOINT, "48"),),
        idle="an endpoint that no traffic passes",
    ),
    Resource("dev-web", INSTANCE, DEV, EAST_A, WEB, _DEV_BOX, needed_hours=60),
    Resource("dev-web-disk", VOLUME, DEV, EAST_A, WEB, _DEV_DISK),
    Resource("dev-checkout", INSTANCE, DEV, EAST_A, CHECKOUT, _DEV_BOX, needed_hours=60),
    Resource("dev-checkout-disk", VOLUME, DEV, EAST_A, CHECKOUT, _DEV_DISK),
    Resource("dev-data", INSTANCE, DEV, EAST_B, LAKE, _DEV_BOX, needed_hours=60),
    Resource("dev-data-disk", VOLUME, DEV, EAST_B, LAKE, _DEV_DISK),
    Resource("dev-sandbox", INSTANCE, DEV, EAST_B, None, _DEV_BOX, needed_hours=60),
    Resource("dev-sandbox-disk", VOLUME, DEV, EAST_B, None, _DEV_DISK),
    Resource(
        "build-runner",
        INSTANCE,
        DEV,
        EAST_A,
        KUBERNETES,
        (Use(M6I_4XLARGE, ALL_DAY, WORKDAYS),),
    ),
    Resource(
        "detached-volume-1",
        VOLUME,
        DEV,
        EAST_A,
        None,
        (Use(GP2, "500"),),
        idle="a volume that no instance is attached to",
        seen_on_bill=False,
    ),
    Resource(
        "detached-volume-2",
        VOLUME,
        DEV,
        EAST_B,
        None,
        (Use(GP3, "750"),),
        idle="a volume that no instance is attached to",
        seen_on_bill=False,
    ),
    Resource(
        "spare-address",
        ADDRESS,
        DEV,
        EAST,
        None,
        (Use(IPV4_IDLE, ALL_DAY),),
        idle="an address that nothing uses",
    ),
    Resource(
        "forgotten-notebook",
        NOTEBOOK,
        DEV,
        EAST,
        None,
        (Use(P3_2XLARGE, ALL_DAY),),
        dormant=True,
    ),
)

CLOUD = Cloud(
    provider=AWS,
    resources=PRODUCTION + NON_PRODUCTION,
    commitments=(
        Commitment(
            name="compute-savings-plan",
            kind=SAVINGS_PLAN,
            category="Spend",
            type="Savings Plan",
            account=MANAGEMENT,
            place=None,
            service=SAVINGS_PLANS,
            hourly="2.70",
            covers={
                "web-1": "0.245",
                "web-2": "0.245",
                "web-3": "0.245",
                "web-4": "0.245",
                "checkout-api-1": "0.553",
                "checkout-api-2": "0.553",
                "checkout-api-3": "0.553",
            },
            starts_in=4,
        ),
        Commitment(
            name="orders-db-reserved",
            kind=RESERVED_DATABASE,
            category="Usage",
            type="Reserved Instance",
            account=PROD,
            place=EAST,
            service=RDS,
            hourly="0.56",
            instances=2,
            covers={"orders-db": "0.56"},
            starts_in=10,
        ),
    ),
    fees=(Fee(price=SUPPORT_FEE, account=MANAGEMENT, amount="1", tax_percent="8.25"),),
    credits=(
        Credit(
            name="Startup programme credit",
            service=EC2,
            account=MANAGEMENT,
            amount="150",
            rhythm=Rhythm(on_day=5),
        ),
        Credit(
            name="Service level credit",
            service=CLOUDFRONT,
            account=PROD,
            amount="210",
            dormant=True,
        ),
    ),
    refunds=(Refund(resource="outbound-traffic", amount="36", on_day=8, days_back=14),),
)
