"""What FOCUS calls the services of AWS: product code → name, category, subcategory."""

from __future__ import annotations

from typing import NamedTuple


class Service(NamedTuple):
    """A service in FOCUS's words."""

    name: str
    category: str
    subcategory: str


_COMPUTE, _STORAGE, _DATABASES = "Compute", "Storage", "Databases"
_NETWORKING, _ANALYTICS, _AI = "Networking", "Analytics", "AI and Machine Learning"
_MANAGEMENT, _SECURITY, _IDENTITY = "Management and Governance", "Security", "Identity"
_INTEGRATION, _DEVELOPER, _OTHER = "Integration", "Developer Tools", "Other"

SERVICES = {
    "AmazonEC2": Service("Amazon Elastic Compute Cloud", _COMPUTE, "Virtual Machines"),
    "AmazonLightsail": Service("Amazon Lightsail", _COMPUTE, "Virtual Machines"),
    "AWSLambda": Service("AWS Lambda", _COMPUTE, "Serverless Compute"),
    "AmazonECS": Service("Amazon Elastic Container Service", _COMPUTE, "Containers"),
    "AmazonEKS": Service("Amazon Elastic Kubernetes Service", _COMPUTE, "Containers"),
    "AmazonECR": Service("Amazon Elastic Container Registry", _COMPUTE, "Containers"),
    "AmazonECRPublic": Service("Amazon ECR Public", _COMPUTE, "Containers"),
    "AWSAppRunner": Service("AWS App Runner", _COMPUTE, "Containers"),
    "AWSBatch": Service("AWS Batch", _COMPUTE, "Other (Compute)"),
    "ComputeSavingsPlans": Service(
        "Savings Plans for AWS Compute Usage", _COMPUTE, "Other (Compute)"
    ),
    "AmazonWorkSpaces": Service("Amazon WorkSpaces", _COMPUTE, "End User Computing"),
    "AmazonAppStream": Service("Amazon AppStream", _COMPUTE, "End User Computing"),
    "AmazonS3": Service("Amazon Simple Storage Service", _STORAGE, "Object Storage"),
    "AmazonGlacier": Service("Amazon S3 Glacier", _STORAGE, "Object Storage"),
    "AmazonS3GlacierDeepArchive": Service(
        "Amazon S3 Glacier Deep Archive", _STORAGE, "Object Storage"
    ),
    "AmazonEFS": Service("Amazon Elastic File System", _STORAGE, "File Storage"),
    "AmazonFSx": Service("Amazon FSx", _STORAGE, "File Storage"),
    "AWSBackup": Service("AWS Backup", _STORAGE, "Backup Storage"),
    "AWSStorageGateway": Service("AWS Storage Gateway", _STORAGE, "Storage Platforms"),
    "AmazonRDS": Service("Amazon Relational Database Service", _DATABASES, "Relational Databases"),
    "AmazonDynamoDB": Service("Amazon DynamoDB", _DATABASES, "NoSQL Databases"),
    "AmazonDAX": Service("Amazon DynamoDB Accelerator", _DATABASES, "Caching"),
    "AmazonElastiCache": Service("Amazon ElastiCache", _DATABASES, "Caching"),
    "AmazonMemoryDB": Service("Amazon MemoryDB", _DATABASES, "Caching"),
    "AmazonRedshift": Service("Amazon Redshift", _DATABASES, "Data Warehouses"),
    "AmazonDocDB": Service("Amazon DocumentDB", _DATABASES, "NoSQL Databases"),
    "AmazonNeptune": Service("Amazon Neptune", _DATABASES, "NoSQL Databases"),
    "AmazonMCS": Service("Amazon Keyspaces", _DATABASES, "NoSQL Databases"),
    "AmazonTimestream": Service("Amazon Timestream", _DATABASES, "Time Series Databases"),
    "AmazonQLDB": Service("Amazon QLDB", _DATABASES, "Ledger Databases"),
    "AmazonVPC": Service("Amazon Virtual Private Cloud", _NETWORKING, "Network Infrastructure"),
    "AWSELB": Service("Elastic Load Balancing", _NETWORKING, "Application Networking"),
    "AmazonCloudFront": Service("Amazon CloudFront", _NETWORKING, "Content Delivery"),
    "AmazonRoute53": Service("Amazon Route 53", _NETWORKING, "Network Routing"),
    "AWSDirectConnect": Service("AWS Direct Connect", _NETWORKING, "Network Connectivity"),
    "AWSDataTransfer": Service("AWS Data Transfer", _NETWORKING, "Network Connectivity"),
    "AWSGlobalAccelerator": Service(
        "AWS Global Accelerator", _NETWORKING, "Application Networking"
    ),
    "AWSTransitGateway": Service("AWS Transit Gateway", _NETWORKING, "Network Infrastructure"),
    "AWSNetworkFirewall": Service("AWS Network Firewall", _NETWORKING, "Network Security"),
    "AmazonApiGateway": Service("Amazon API Gateway", _INTEGRATION, "API Management"),
    "AWSAppSync": Service("AWS AppSync", _INTEGRATION, "API Management"),
    "AmazonSNS": Service("Amazon Simple Notification Service", _INTEGRATION, "Messaging"),
    "AWSQueueService": Service("Amazon Simple Queue Service", _INTEGRATION, "Messaging"),
    "AmazonMQ": Service("Amazon MQ", _INTEGRATION, "Messaging"),
    "AWSEvents": Service("Amazon EventBridge", _INTEGRATION, "Messaging"),
    "AmazonStates": Service("AWS Step Functions", _INTEGRATION, "Workflow Orchestration"),
    "AmazonMWAA": Service(
        "Amazon Managed Workflows for Apache Airflow", _INTEGRATION, "Workflow Orchestration"
    ),
    "AmazonKinesis": Service("Amazon Kinesis Data Streams", _ANALYTICS, "Streaming Analytics"),
    "AmazonKinesisFirehose": Service("Amazon Data Firehose", _ANALYTICS, "Streaming Analytics"),
    "AmazonMSK": Service(
        "Amazon Managed Streaming for Apache Kafka", _ANALYTICS, "Streaming Analytics"
    ),
    "AmazonAthena": Service("Amazon Athena", _ANALYTICS, "Data Processing"),
    "AWSGlue": Service("AWS Glue", _ANALYTICS, "Data Processing"),
    "ElasticMapReduce": Service("Amazon EMR", _ANALYTICS, "Data Processing"),
    "AmazonES": Service("Amazon OpenSearch Service", _ANALYTICS, "Search"),
    "AmazonQuickSight": Service("Amazon QuickSight", _ANALYTICS, "Business Intelligence"),
    "AmazonSageMaker": Service("Amazon SageMaker", _AI, "Machine Learning"),
    "AmazonBedrock": Service("Amazon Bedrock", _AI, "Generative AI"),
    "AmazonComprehend": Service("Amazon Comprehend", _AI, "Natural Language Processing"),
    "AmazonRekognition": Service("Amazon Rekognition", _AI, "Other (AI and Machine Learning)"),
    "AmazonTextract": Service("Amazon Textract", _AI, "Other (AI and Machine Learning)"),
    "transcribe": Service("Amazon Transcribe", _AI, "Natural Language Processing"),
    "translate": Service("Amazon Translate", _AI, "Natural Language Processing"),
    "AmazonPolly": Service("Amazon Polly", _AI, "Natural Language Processing"),
    "AmazonLex": Service("Amazon Lex", _AI, "Bots"),
    "AmazonCloudWatch": Service("Amazon CloudWatch", _MANAGEMENT, "Observability"),
    "AmazonGrafana": Service("Amazon Managed Grafana", _MANAGEMENT, "Observability"),
    "AmazonPrometheus": Service(
        "Amazon Managed Service for Prometheus", _MANAGEMENT, "Observability"
    ),
    "AWSXRay": Service("AWS X-Ray", _MANAGEMENT, "Observability"),
    "AWSCloudTrail": Service("AWS CloudTrail", _MANAGEMENT, "Compliance"),
    "AWSConfig": Service("AWS Config", _MANAGEMENT, "Compliance"),
    "AWSCostExplorer": Service("AWS Cost Explorer", _MANAGEMENT, "Cost Management"),
    "AWSBudgets": Service("AWS Budgets", _MANAGEMENT, "Cost Management"),
    "AWSSystemsManager": Service(
        "AWS Systems Manager", _MANAGEMENT, "Other (Management and Governance)"
    ),
    "AWSServiceCatalog": Service("AWS Service Catalog", _MANAGEMENT, "Architecture"),
    "AWSSupportBusiness": Service("AWS Support (Business)", _MANAGEMENT, "Support"),
    "AWSSupportEnterprise": Service("AWS Support (Enterprise)", _MANAGEMENT, "Support"),
    "AWSDeveloperSupport": Service("AWS Support (Developer)", _MANAGEMENT, "Support"),
    "awskms": Service("AWS Key Management Service", _SECURITY, "Secret Management"),
    "AWSSecretsManager": Service("AWS Secrets Manager", _SECURITY, "Secret Management"),
    "AmazonGuardDuty": Service("Amazon GuardDuty", _SECURITY, "Threat Detection and Response"),
    "AWSSecurityHub": Service("AWS Security Hub", _SECURITY, "Security Posture Management"),
    "AmazonInspectorV2": Service("Amazon Inspector", _SECURITY, "Security Posture Management"),
    "AmazonMacie": Service("Amazon Macie", _SECURITY, "Threat Detection and Response"),
    "awswaf": Service("AWS WAF", _SECURITY, "Other (Security)"),
    "AWSShield": Service("AWS Shield", _SECURITY, "Threat Detection and Response"),
    "ACM": Service("AWS Certificate Manager", _SECURITY, "Secret Management"),
    "AmazonCognito": Service("Amazon Cognito", _IDENTITY, "Identity and Access Management"),
    "AWSDirectoryService": Service(
        "AWS Directory Service", _IDENTITY, "Identity and Access Management"
    ),
    "CodeBuild": Service("AWS CodeBuild", _DEVELOPER, "Continuous Integration and Deployment"),
    "AWSCodePipeline": Service(
        "AWS CodePipeline", _DEVELOPER, "Continuous Integration and Deployment"
    ),
    "AWSCodeCommit": Service("AWS CodeCommit", _DEVELOPER, "Source Code Management"),
    "AWSCodeArtifact": Service("AWS CodeArtifact", _DEVELOPER, "Developer Platforms"),
    "AmazonSES": Service(
        "Amazon Simple Email Service",
        "Business Applications",
        "Productivity and Collaboration",
    ),
    "AmazonConnect": Service(
        "Amazon Connect", "Business Applications", "Productivity and Collaboration"
    ),
    "AWSAmplify": Service("AWS Amplify", "Web", "Application Platforms"),
    "AWSElementalMediaConvert": Service("AWS Elemental MediaConvert", "Media", "Content Creation"),
    "AWSDatabaseMigrationSvc": Service(
        "AWS Database Migration Service", "Migration", "Data Migration"
    ),
    "AWSDataSync": Service("AWS DataSync", "Migration", "Data Migration"),
    "AWSIoT": Service("AWS IoT", "Internet of Things", "IoT Platforms"),
}
"""Product codes as reports write them. One name has one category and one subcategory."""

BLOCK_STORAGE = Service("Amazon Elastic Block Store", _STORAGE, "Block Storage")
"""Its volumes and snapshots have the product code of the instances."""

UNKNOWN_CATEGORY, UNKNOWN_SUBCATEGORY = _OTHER, "Other (Other)"
"""Of a product that is not listed: what it is, the report does not say."""
