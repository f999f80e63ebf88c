"""What the company has on Google Cloud: its data warehouse and what feeds it.

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
    Resource,
    Rhythm,
    Service,
    SubAccount,
    Use,
)

GOOGLE = Provider(
    name="Google Cloud",
    billing_account_id="0A1B2C-3D4E5F-607182",
    billing_account_name="Example Shop",
    billing_account_type="Billing Account",
    sub_account_type="Project",
)
PROD = SubAccount("shop-warehouse-prod", "shop-warehouse-prod", "prod")
STAGING = SubAccount("shop-warehouse-staging", "shop-warehouse-staging", "staging")
DEV = SubAccount("shop-warehouse-dev", "shop-warehouse-dev", "dev")

IOWA = Place("us-central1", "Iowa")
IOWA_A = Place("us-central1", "Iowa", "us-central1-a")
IOWA_B = Place("us-central1", "Iowa", "us-central1-b")

COMPUTE = Service("Compute Engine", "Compute", "Virtual Machines")
BIGQUERY = Service("BigQuery", "Databases", "Data Warehouses")
STORAGE = Service("Cloud Storage", "Storage", "Object Storage")
CLOUD_SQL = Service("Cloud SQL", "Databases", "Relational Databases")
CLOUD_RUN = Service("Cloud Run", "Compute", "Serverless Compute")
PUBSUB = Service("Cloud Pub/Sub", "Integration", "Messaging")
LOGGING = Service("Cloud Logging", "Management and Governance", "Observability")
NETWORKING = Service("Networking", "Networking", "Network Infrastructure")
SUPPORT = Service("Google Cloud Support", "Management and Governance", "Support")
VERTEX = Service("Vertex AI", "AI and Machine Learning", "AI Platforms")


def _machine(type_: str, list_price: str, cores: int, memory: int) -> Price:
    return Price(
        service=COMPUTE,
        meter=f"{type_} running in Iowa",
        unit="Hours",
        list_price=list_price,
        details={
            "CoreCount": cores,
            "InstanceSeries": type_.partition("-")[0].upper(),
            "InstanceType": type_,
            "MemorySize": memory,
            "OperatingSystem": "Linux",
        },
    )


def _metered(service: Service, meter: str, unit: str, list_price: str) -> Price:
    return Price(service=service, meter=meter, unit=unit, list_price=list_price, details={})


def _storage(service: Service, meter: str, list_price: str, **details: str) -> Price:
    return Price(
        service=service,
        meter=meter,
        unit="GiB-Months",
        list_price=list_price,
        details=details,
        by_the_month=True,
    )


N2_STANDARD_8 = _machine("n2-standard-8", "0.3885", 8, 32)
N2_STANDARD_2 = _machine("n2-standard-2", "0.0971", 2, 8)
N1_STANDARD_8 = _machine("n1-standard-8", "0.38", 8, 30)
E2_STANDARD_8 = _machine("e2-standard-8", "0.268", 8, 32)
QUERIES = _metered(BIGQUERY, "Analysis", "TiB", "6.25")
TABLES = _storage(BIGQUERY, "Active Logical Storage", "0.02")
OBJECTS = _storage(STORAGE, "Standard Storage US Regional", "0.02", StorageClass="Standard")
OPERATIONS = Price(
    service=STORAGE,
    meter="Regional Standard Class A Operations",
    unit="1000 Requests",
    list_price="0.005",
    details={},
    counts=("Requests", 1000),
)
POSTGRES = _metered(CLOUD_SQL, "PostgreSQL: 4 vCPU + 16 GiB", "Hours", "0.2776")
POSTGRES_SMALL = _metered(CLOUD_SQL, "PostgreSQL: 2 vCPU + 8 GiB", "Hours", "0.1388")
POSTGRES_STORAGE = _storage(CLOUD_SQL, "PostgreSQL: Standard Storage", "0.17", DiskType="SSD")
CONTAINER_CPU = _metered(CLOUD_RUN, "CPU Allocation Time", "VCPU-Hours", "0.0864")
MESSAGES = _metered(PUBSUB, "Message Delivery Basic", "TiB", "40")
LOG_INGESTION = _metered(LOGGING, "Log Storage cost", "GiB", "0.50")
EGRESS = _metered(NETWORKING, "Network Internet Data Transfer Out", "GiB", "0.12")
STATIC_IP = _metered(NETWORKING, "Static Ip Charge", "Hours", "0.01")
DISK_SPACE = _storage(COMPUTE, "SSD backed PD Capacity", "0.17", DiskType="SSD")
SUPPORT_FEE = _metered(SUPPORT, "Standard Support", "Months", "220")
ACCELERATOR = _metered(VERTEX, "Training A100", "Hours", "4.22")


def _kind(type_: str, path: str) -> Kind:
    api, _, rest = path.partition("/")
    return Kind(type_, f"//{api}.googleapis.com/projects/{{account}}/{rest}/{{name}}")


INSTANCE = _kind("compute.googleapis.com/Instance", "compute/zones/{zone}/instances")
DISK = _kind("compute.googleapis.com/Disk", "compute/zones/{zone}/disks")
ADDRESS = _kind("compute.googleapis.com/Address", "compute/regions/{region}/addresses")
DATASET = _kind("bigquery.googleapis.com/Dataset", "bigquery/datasets")
BUCKET = Kind("storage.googleapis.com/Bucket", "//storage.googleapis.com/{name}")
DATABASE = _kind("sqladmin.googleapis.com/Instance", "cloudsql/instances")
RUN_SERVICE = _kind("run.googleapis.com/Service", "run/locations/{region}/services")
TOPIC = _kind("pubsub.googleapis.com/Topic", "pubsub/topics")
LOG_BUCKET = _kind("logging.googleapis.com/LogBucket", "logging/locations/{region}/buckets")
TRAINING = _kind("aiplatform.googleapis.com/CustomJob", "aiplatform/locations/{region}/customJobs")
COMMITMENT = _kind("compute.googleapis.com/Commitment", "compute/regions/{region}/commitments")

WAREHOUSE = Owner("analytics", "data-warehouse")
LAKE = Owner("analytics", "data-lake")
EVENTS = Owner("platform", "event-pipeline")
RECOMMENDER = Owner("storefront", "recommendations")

CLOUD = Cloud(
    provider=GOOGLE,
    resources=(
        Resource(
            "sales",
            DATASET,
            PROD,
            IOWA,
            WAREHOUSE,
            (Use(QUERIES, "11", OFFICE), Use(TABLES, "21000", HELD)),
        ),
        Resource(
            "weekly_report",
            DATASET,
            PROD,
            IOWA,
            WAREHOUSE,
            (Use(QUERIES, "6", SUNDAYS), Use(TABLES, "2600", HELD)),
        ),
        Resource("loader-1", INSTANCE, PROD, IOWA_A, LAKE, (Use(N2_STANDARD_8, ALL_DAY),)),
        Resource("loader-2", INSTANCE, PROD, IOWA_B, LAKE, (Use(N2_STANDARD_8, ALL_DAY),)),
        Resource(
            "loader-3", INSTANCE, PROD, IOWA_A, LAKE, (Use(N2_STANDARD_8, ALL_DAY, WORKDAYS),)
        ),
        Resource(
            "feature-store",
            INSTANCE,
            PROD,
            IOWA_B,
            RECOMMENDER,
            (Use(N2_STANDARD_8, ALL_DAY),),
            fits=N2_STANDARD_2,
        ),
        Resource(
            "report-scheduler",
            INSTANCE,
            PROD,
            IOWA_A,
            None,
            (Use(N1_STANDARD_8, ALL_DAY),),
            successor=E2_STANDARD_8,
        ),
        Resource(
            "shop-events-raw",
            BUCKET,
            PROD,
            IOWA,
            LAKE,
            (Use(OBJECTS, "31000", GROWING), Use(OPERATIONS, "1900", SHOPPERS)),
        ),
        Resource(
            "catalogue-db",
            DATABASE,
            PROD,
            IOWA,
            RECOMMENDER,
            (Use(POSTGRES, "48"), Use(POSTGRES_STORAGE, "600", HELD)),
        ),
        Resource(
            "recommend",
            RUN_SERVICE,
            PROD,
            IOWA,
            RECOMMENDER,
            (Use(CONTAINER_CPU, "320", SHOPPERS),),
        ),
        Resource("events", TOPIC, PROD, IOWA, EVENTS, (Use(MESSAGES, "0.7", SHOPPERS),)),
        Resource(
            "pipeline-logs", LOG_BUCKET, PROD, IOWA, EVENTS, (Use(LOG_INGESTION, "44", SHOPPERS),)
        ),
        Resource(
            "api-address",
            ADDRESS,
            PROD,
            IOWA,
            EVENTS,
            (Use(STATIC_IP, ALL_DAY), Use(EGRESS, "120", SHOPPERS)),
        ),
        Resource(
            "shop-model-archive",
            BUCKET,
            PROD,
            IOWA,
            None,
            (Use(OBJECTS, "4200"),),
            idle="a bucket that nobody reads or writes",
        ),
        Resource(
            "catalogue-db-staging",
            DATABASE,
            STAGING,
            IOWA,
            RECOMMENDER,
            (Use(POSTGRES_SMALL, ALL_DAY),),
            needed_hours=60,
        ),
        Resource(
            "loader-staging",
            INSTANCE,
            STAGING,
            IOWA_A,
            LAKE,
            (Use(N2_STANDARD_2, ALL_DAY),),
            needed_hours=60,
        ),
        Resource(
            "notebook-dev",
            INSTANCE,
            DEV,
            IOWA_A,
            WAREHOUSE,
            (Use(N2_STANDARD_8, ALL_DAY),),
            needed_hours=60,
        ),
        Resource(
            "experiments",
            DATASET,
            DEV,
            IOWA,
            WAREHOUSE,
            (Use(QUERIES, "2.5", Rhythm(week=OFFICE.week, noise=160)),),
        ),
        Resource(
            "unused-address",
            ADDRESS,
            DEV,
            IOWA,
            None,
            (Use(STATIC_IP, ALL_DAY),),
            idle="an address that nothing uses",
        ),
        Resource(
            "unattached-disk",
            DISK,
            DEV,
            IOWA_B,
            None,
            (Use(DISK_SPACE, "500"),),
            idle="a disk that no instance is attached to",
            seen_on_bill=False,
        ),
        Resource(
            "model-training",
            TRAINING,
            DEV,
            IOWA,
            None,
            (Use(ACCELERATOR, ALL_DAY),),
            dormant=True,
        ),
    ),
    commitments=(
        Commitment(
            name="loader-commitment",
            kind=COMMITMENT,
            category="Usage",
            type="Committed Use Discount",
            account=PROD,
            place=IOWA,
            service=COMPUTE,
            hourly="0.245",
            instances=3,
            covers={"loader-1": "0.245", "loader-2": "0.245", "loader-3": "0.245"},
            starts_in=2,
        ),
    ),
    fees=(Fee(price=SUPPORT_FEE, account=PROD, amount="1", tax_percent="8.25"),),
    credits=(
        Credit(
            name="Promotional credit",
            service=BIGQUERY,
            account=PROD,
            amount="60",
            rhythm=Rhythm(on_day=12),
        ),
    ),
)
