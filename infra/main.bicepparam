// What a deployment is asked: the environment of `azd` (azd env set NAME VALUE) or of the shell. Names without a
// default must be there.
using './main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param pythonVersion = readEnvironmentVariable('CALSYNC_PYTHON', '3.13')
param maximumInstances = int(readEnvironmentVariable('CALSYNC_MAXIMUM_INSTANCES', '0'))
param alwaysReadyHttp = int(readEnvironmentVariable('CALSYNC_ALWAYS_READY_HTTP', '1'))
param updateStrategy = readEnvironmentVariable('CALSYNC_UPDATE_STRATEGY', 'Recreate')
param publicUrl = readEnvironmentVariable('PUBLIC_URL', '')
param portalClientId = readEnvironmentVariable('CALSYNC_PORTAL_CLIENT_ID', '')
param assignGraphRoles = bool(readEnvironmentVariable('CALSYNC_ASSIGN_GRAPH_ROLES', 'false'))
param hasMailboxScope = bool(readEnvironmentVariable('CALSYNC_MAILBOX_SCOPE', 'false'))
param operatorPrincipalId = readEnvironmentVariable('CALSYNC_OPERATOR_PRINCIPAL_ID', '')
param operatorPrincipalType = readEnvironmentVariable('CALSYNC_OPERATOR_TYPE', 'ServicePrincipal')

param alertEmail = readEnvironmentVariable('CALSYNC_ALERT_EMAIL', '')
param actionGroupIds = json(readEnvironmentVariable('CALSYNC_ACTION_GROUPS', '[]'))
param dailyLogCapGB = int(readEnvironmentVariable('CALSYNC_LOG_CAP_GB', '5'))
param hasVaultAudit = bool(readEnvironmentVariable('CALSYNC_VAULT_AUDIT', 'true'))
param hasPrivateNetwork = bool(readEnvironmentVariable('CALSYNC_PRIVATE_NETWORK', 'false'))
param networkPrefix = readEnvironmentVariable('CALSYNC_NETWORK_PREFIX', '10.90.0.0/24')
param storageRedundancy = readEnvironmentVariable('CALSYNC_STORAGE_REDUNDANCY', 'Standard_LRS')
param hasDeleteLock = bool(readEnvironmentVariable('CALSYNC_DELETE_LOCK', 'false'))
param hasPurgeProtection = bool(readEnvironmentVariable('CALSYNC_PURGE_PROTECTION', 'false'))

// Give a secret in the shell, for one deployment; the vault keeps it.
param erpnetUrl = readEnvironmentVariable('ERPNET_URL')
param erpnetClientId = readEnvironmentVariable('ERPNET_CLIENT_ID')
param erpnetClientSecret = readEnvironmentVariable('ERPNET_CLIENT_SECRET', '')
param hasErpnetWebhook = bool(readEnvironmentVariable('CALSYNC_ERPNET_WEBHOOK', 'false'))
param erpnetWebhookSecret = readEnvironmentVariable('ERPNET_WEBHOOK_SECRET', '')

param statePrefix = readEnvironmentVariable('STATE_PREFIX', 'calsync')
param syncSchedule = readEnvironmentVariable('SYNC_SCHEDULE', '0 */15 * * * *')
param pullSchedule = readEnvironmentVariable('PULL_SCHEDULE', '30 * * * * *')
param settings = {
  ERPNET_MAX_SESSIONS: readEnvironmentVariable('ERPNET_MAX_SESSIONS', '1')
  ERPNET_TIME: readEnvironmentVariable('ERPNET_TIME', 'user')
  ERPNET_SERVICE_LOGINS: readEnvironmentVariable('ERPNET_SERVICE_LOGINS', '')
  ERPNET_LATE_COMMIT_MINUTES: readEnvironmentVariable('ERPNET_LATE_COMMIT_MINUTES', '30')
  GRAPH_URL: readEnvironmentVariable('GRAPH_URL', 'https://graph.microsoft.com/v1.0')
  LEASE_SECONDS: readEnvironmentVariable('LEASE_SECONDS', '180')
  CALL_TIMEOUT_SECONDS: readEnvironmentVariable('CALL_TIMEOUT_SECONDS', '30')
  SYNC_MONTHS_AHEAD: readEnvironmentVariable('SYNC_MONTHS_AHEAD', '1')
  SYNC_ACTIVITY_MAX_AGE_DAYS: readEnvironmentVariable('SYNC_ACTIVITY_MAX_AGE_DAYS', '1')
  SYNC_DIRECTION: readEnvironmentVariable('SYNC_DIRECTION', 'both')
  SYNC_CONFLICT: readEnvironmentVariable('SYNC_CONFLICT', 'latest')
  SYNC_PRIVATE: readEnvironmentVariable('SYNC_PRIVATE', 'sync')
  SYNC_INVITE: readEnvironmentVariable('SYNC_INVITE', 'internal')
  SYNC_ACTIVITY_TYPES: readEnvironmentVariable('SYNC_ACTIVITY_TYPES', 'Meeting,Communication,Task')
  SYNC_MASS_DELETE_LIMIT: readEnvironmentVariable('SYNC_MASS_DELETE_LIMIT', '5,20%')
}
