"""What the company has on Azure: the back office, and fraud detection for the payments team.

The prices are near public list prices, but this is no price list.
"""

from __future__ import annotations

from finops_cost_management.builtin.demo.vocabulary import (
    ALL_DAY,
    HELD,
    OFFICE,
    SHOPPERS,
    STEADY,
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
    Service,
    SubAccount,
    Use,
)

MICROSOFT = Provider(
    name="Microsoft",
    billing_account_id="/providers/microsoft.billing/billingaccounts/70000001",
    billing_account_name="Example Shop",
    billing_account_type="Billing Profile",
    sub_account_type="Subscription",
    negotiated_percent=5,
)
PROD = SubAccount(
    "/subscriptions/0a1b2c3d-0000-4000-8000-000000000001", "Back Office Production", "prod"
)
STAGING = SubAccount(
    "/subscriptions/0a1b2c3d-0000-4000-8000-000000000002", "Back Office Staging", "staging"
)
DEV = SubAccount("/subscriptions/0a1b2c3d-0000-4000-8000-000000000003", "Back Office Dev", "dev")

WEST_EUROPE = Place("westeurope", "West Europe")
ZONE_1 = Place("westeurope", "West Europe", "1")
ZONE_2 = Place("westeurope", "West Europe", "2")

VIRTUAL_MACHINES = Service("Virtual Machines", "Compute", "Virtual Machines")
MANAGED_DISKS = Service("Azure Managed Disks", "Storage", "Block Storage")
SQL = Service("Azure SQL Database", "Databases", "Relational Databases")
COSMOS_DB = Service("Azure Cosmos DB", "Databases", "NoSQL Databases")
STORAGE = Service("Storage Accounts", "Storage", "Object Storage")
APP_SERVICE = Service("Azure App Service", "Web", "Application Platforms")
MONITOR = Service("Azure Monitor", "Management and Governance", "Observability")
BANDWIDTH = Service("Bandwidth", "Networking", "Network Connectivity")
NETWORK = Service("Virtual Network", "Networking", "Network Infrastructure")
DEVOPS = Service("Azure DevOps", "Developer Tools", "Developer Platforms")
OPENAI = Service("Azure OpenAI", "AI and Machine Learning", "Generative AI")


def _machine(
    type_: str, series: str, list_price: str, cores: int, memory: int, *, system: str = "Linux"
) -> Price:
    return Price(
        service=VIRTUAL_MACHINES,
        meter=f"{type_} {system}",
        unit="Hours",
        list_price=list_price,
        details={
            "CoreCount": cores,
            "InstanceSeries": series,
            "InstanceType": type_,
            "MemorySize": memory,
            "OperatingSystem": system,
        },
    )


def _metered(service: Service, meter: str, unit: str, list_price: str) -> Price:
    return Price(service=service, meter=meter, unit=unit, list_price=list_price, details={})


def _storage(service: Service, meter: str, list_price: str, **details: str) -> Price:
    return Price(
        service=service,
        meter=meter,
        unit="GB-Months",
        list_price=list_price,
        details=details,
        by_the_month=True,
    )


D8S = _machine("Standard_D8s_v5", "Dsv5", "0.384", 8, 32)
D4S_WINDOWS = _machine("Standard_D4s_v5", "Dsv5", "0.376", 4, 16, system="Windows")
D2S = _machine("Standard_D2s_v5", "Dsv5", "0.096", 2, 8)
D16S = _machine("Standard_D16s_v5", "Dsv5", "0.768", 16, 64)
D4_V2 = _machine("Standard_D4_v2", "Dv2", "0.585", 8, 28)
PREMIUM_DISK = _storage(MANAGED_DISKS, "Premium SSD LRS", "0.132", DiskType="SSD")
SQL_8_CORES = _metered(SQL, "General Purpose 8 vCore", "Hours", "2.0208")
SQL_4_CORES = _metered(SQL, "General Purpose 4 vCore", "Hours", "1.0104")
SQL_STORAGE = _storage(SQL, "General Purpose Data Stored", "0.115", DiskType="SSD")
THROUGHPUT = _metered(COSMOS_DB, "100 RU/s", "Hours", "0.008")
COSMOS_STORAGE = _storage(COSMOS_DB, "Data Stored", "0.25")
BLOBS = _storage(STORAGE, "Hot LRS Data Stored", "0.0184", Redundancy="Local", StorageClass="Hot")
BLOB_WRITES = Price(
    service=STORAGE,
    meter="Hot LRS Write Operations",
    unit="10000 Requests",
    list_price="0.05",
    details={},
    counts=("Requests", 10_000),
)
PLAN = _metered(APP_SERVICE, "Premium v3 P1", "Hours", "0.169")
INGESTION = _metered(MONITOR, "Pay-as-you-go Data Ingestion", "GB", "2.30")
EGRESS = _metered(BANDWIDTH, "Standard Data Transfer Out", "GB", "0.087")
PUBLIC_IP = _metered(NETWORK, "Standard IPv4 Static Public IP", "Hours", "0.005")
SEATS = _metered(DEVOPS, "Basic User", "Users", "6")
TOKENS = Price(
    service=OPENAI,
    meter="Large Model Output",
    unit="1000000 Tokens",
    list_price="10",
    details={},
    counts=("Tokens", 1_000_000),
)


def _kind(type_: str) -> Kind:
    return Kind(
        type_, f"{{account}}/resourcegroups/rg-{{environment}}/providers/{type_.lower()}/{{name}}"
    )


MACHINE = _kind("Microsoft.Compute/virtualMachines")
DISK = _kind("Microsoft.Compute/disks")
DATABASE = _kind("Microsoft.Sql/servers/databases")
COSMOS_ACCOUNT = _kind("Microsoft.DocumentDB/databaseAccounts")
STORAGE_ACCOUNT = _kind("Microsoft.Storage/storageAccounts")
APP_PLAN = _kind("Microsoft.Web/serverfarms")
WORKSPACE = _kind("Microsoft.OperationalInsights/workspaces")
ADDRESS = _kind("Microsoft.Network/publicIPAddresses")
ACCOUNT_OF_MODELS = _kind("Microsoft.CognitiveServices/accounts")
RESERVATION = Kind(
    "Reservation",
    "/providers/microsoft.capacity/reservationorders/{hex}/reservations/{name}",
)

ERP = Owner("platform", "back-office")
REPORTS = Owner("analytics", "reporting")
FRAUD = Owner("payments", "fraud-detection")
CAMPAIGNS = Owner("storefront", "campaigns")

CLOUD = Cloud(
    provider=MICROSOFT,
    resources=(
        Resource("erp-1", MACHINE, PROD, ZONE_1, ERP, (Use(D8S, ALL_DAY),)),
        Resource("erp-2", MACHINE, PROD, ZONE_2, ERP, (Use(D8S, ALL_DAY),)),
        Resource("terminal-1", MACHINE, PROD, ZONE_1, ERP, (Use(D4S_WINDOWS, ALL_DAY),)),
        Resource("reporting-1", MACHINE, PROD, ZONE_2, REPORTS, (Use(D16S, ALL_DAY),), fits=D8S),
        Resource("edi-gateway", MACHINE, PROD, ZONE_1, None, (Use(D4_V2, ALL_DAY),), successor=D8S),
        Resource(
            "erp-database",
            DATABASE,
            PROD,
            WEST_EUROPE,
            ERP,
            (Use(SQL_8_CORES, ALL_DAY), Use(SQL_STORAGE, "1500", HELD)),
        ),
        Resource(
            "reporting-database",
            DATABASE,
            PROD,
            WEST_EUROPE,
            REPORTS,
            (Use(SQL_4_CORES, ALL_DAY), Use(SQL_STORAGE, "2200", HELD)),
        ),
        Resource(
            "fraud-scores",
            COSMOS_ACCOUNT,
            PROD,
            WEST_EUROPE,
            FRAUD,
            (Use(THROUGHPUT, "4300", SHOPPERS), Use(COSMOS_STORAGE, "420", HELD)),
        ),
        Resource(
            "shopdocuments",
            STORAGE_ACCOUNT,
            PROD,
            WEST_EUROPE,
            ERP,
            (Use(BLOBS, "6400", HELD), Use(BLOB_WRITES, "140", OFFICE)),
        ),
        Resource("campaign-sites", APP_PLAN, PROD, WEST_EUROPE, CAMPAIGNS, (Use(PLAN, "72"),)),
        Resource(
            "central-logs", WORKSPACE, PROD, WEST_EUROPE, ERP, (Use(INGESTION, "11", OFFICE),)
        ),
        Resource(
            "erp-address",
            ADDRESS,
            PROD,
            WEST_EUROPE,
            ERP,
            (Use(PUBLIC_IP, "48"), Use(EGRESS, "190", OFFICE)),
        ),
        Resource(
            "empty-plan",
            APP_PLAN,
            PROD,
            WEST_EUROPE,
            None,
            (Use(PLAN, ALL_DAY),),
            idle="an App Service plan without apps",
            seen_on_bill=False,
        ),
        Resource(
            "erp-staging", MACHINE, STAGING, ZONE_1, ERP, (Use(D2S, ALL_DAY),), needed_hours=60
        ),
        Resource(
            "staging-database",
            DATABASE,
            STAGING,
            WEST_EUROPE,
            ERP,
            (Use(SQL_4_CORES, ALL_DAY, STEADY),),
        ),
        Resource("load-test", MACHINE, STAGING, ZONE_2, REPORTS, (Use(D16S, "8", WORKDAYS),)),
        Resource(
            "erp-dev",
            MACHINE,
            DEV,
            ZONE_1,
            ERP,
            (Use(D8S, ALL_DAY),),
            needed_hours=60,
        ),
        Resource("erp-dev-disk", DISK, DEV, ZONE_1, ERP, (Use(PREMIUM_DISK, "256"),)),
        Resource(
            "detached-disk",
            DISK,
            DEV,
            WEST_EUROPE,
            None,
            (Use(PREMIUM_DISK, "1024"),),
            idle="a disk that no machine is attached to",
            seen_on_bill=False,
        ),
        Resource(
            "prompt-experiment",
            ACCOUNT_OF_MODELS,
            DEV,
            WEST_EUROPE,
            None,
            (Use(TOKENS, "6", OFFICE),),
            dormant=True,
        ),
    ),
    commitments=(
        Commitment(
            name="erp-reservation",
            kind=RESERVATION,
            category="Usage",
            type="Reservation",
            account=PROD,
            place=WEST_EUROPE,
            service=VIRTUAL_MACHINES,
            hourly="0.245",
            instances=2,
            covers={"erp-1": "0.245", "erp-2": "0.245"},
            starts_in=7,
        ),
    ),
    fees=(Fee(price=SEATS, account=PROD, amount="38", tax_percent="21"),),
    credits=(
        Credit(name="Service level credit", service=SQL, account=PROD, amount="95", dormant=True),
    ),
)
