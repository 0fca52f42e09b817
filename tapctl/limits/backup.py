"""The limits of Backup that a deploy can reach."""

from tapctl.limits.row import Call, DefaultGrade, Limit, each

DOCS = "https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html"

ROWS = (
    Limit(
        id="backup-vaults",
        key="backup/L-7705D2CB",
        title="Backup vaults",
        docs=DOCS,
        counts=(
            each("AWS::Backup::BackupVault"),
            each("AWS::Backup::LogicallyAirGappedBackupVault"),
        ),
        default=300,
        usage=Call("backup", "ListBackupVaults", "BackupVaultList"),
    ),
    Limit(
        id="backup-plans",
        key="backup/L-BD69F607",
        title="Backup plans",
        docs=DOCS,
        counts=(each("AWS::Backup::BackupPlan"),),
        default=300,
        usage=Call("backup", "ListBackupPlans", "BackupPlansList"),
    ),
    Limit(
        id="backup-selections-per-plan",
        key="backup/selections-per-plan",
        title="Resource assignments per backup plan",
        docs=DOCS,
        counts=(each("AWS::Backup::BackupSelection", per="BackupPlanId"),),
        default=100,
        adjustable=False,
        usage=Call("backup", "ListBackupSelections", "BackupSelectionsList", parent="BackupPlanId"),
    ),
    Limit(
        id="backup-frameworks",
        key="backup/L-E43E0ED6",
        title="Backup frameworks",
        docs=DOCS,
        counts=(each("AWS::Backup::Framework"),),
        grade=DefaultGrade.OPEN,
        usage=Call("backup", "ListFrameworks", "Frameworks", token=("NextToken", "NextToken")),
    ),
)
