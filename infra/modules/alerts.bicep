// What somebody should look at; what to do about each stands in docs/operate.md.

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

@description('Required. Workspace with the logs.')
param workspaceId string

@description('Required. Storage account of the queues.')
param storageName string

@description('Required. Queue of the messages that were given up.')
param poisonQueueName string

@description('Required. GB of logs a day after which no more are taken; -1 = no limit.')
param dailyCapGB int

@description('Required. E-mail address that alerts are sent to; empty = none.')
param email string

@description('Required. Ids of further action groups to call.')
param actionGroupIds string[]

var mailGroupId = resourceId('Microsoft.Insights/actionGroups', 'calsync-mail')
var groupIds = empty(email) ? actionGroupIds : concat(actionGroupIds, [mailGroupId])

// The host records each run of a function as a request by the function's name, and each line that the app tells
// (jobs/log.py) as a trace; both unsampled (host.json).
var alerts = [
  {
    name: 'poison-queue'
    title: 'calsync: a message was given up'
    severity: 1
    every: 'PT15M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/poison-queue.kql')
  }
  {
    name: 'failing-functions'
    title: 'calsync: a timer or the queue function failed'
    severity: 2
    every: 'PT15M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/failing-functions.kql')
  }
  {
    name: 'no-pull'
    title: 'calsync: ERP.net was not asked for an hour'
    severity: 1
    every: 'PT15M'
    over: 'PT1H'
    operator: 'LessThan'
    threshold: 1
    query: loadTextContent('../queries/alerts/no-pull.kql')
  }
  {
    name: 'no-dispatch'
    title: 'calsync: Outlook was not asked for an hour'
    severity: 1
    every: 'PT15M'
    over: 'PT1H'
    operator: 'LessThan'
    threshold: 1
    query: loadTextContent('../queries/alerts/no-dispatch.kql')
  }
  {
    name: 'silent-timers'
    title: 'calsync: timers are silent while HTTP lives'
    severity: 1
    every: 'PT15M'
    over: 'PT1H'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/silent-timers.kql')
  }
  {
    name: 'erp-refused'
    title: 'calsync: ERP.net has refused for half an hour, or has no licence'
    severity: 1
    every: 'PT15M'
    over: 'PT30M'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/erp-refused.kql')
  }
  {
    name: 'webhook-errors'
    title: 'calsync: notifications fail'
    severity: 2
    every: 'PT15M'
    over: 'PT15M'
    operator: 'GreaterThan'
    threshold: 2
    query: loadTextContent('../queries/alerts/webhook-errors.kql')
  }
  {
    name: 'missing-subscriptions'
    title: 'calsync: fewer subscriptions than people for three hours'
    severity: 3
    every: 'PT1H'
    over: 'PT3H'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/missing-subscriptions.kql')
  }
  {
    name: 'users-in-error'
    title: 'calsync: users cannot be synced'
    severity: 3
    every: 'PT1H'
    over: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/users-in-error.kql')
  }
  {
    name: 'secret-ends'
    title: 'calsync: the secret of ERP.net ends within 30 days'
    severity: 2
    every: 'PT6H'
    over: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/secret-ends.kql')
  }
  {
    name: 'log-cap'
    title: 'calsync: the daily log cap is near'
    severity: 2
    every: 'PT1H'
    over: 'P1D'
    operator: 'GreaterThan'
    threshold: 0
    query: loadTextContent('../queries/alerts/log-cap.kql')
  }
]

resource mail 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'calsync-mail'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'calsync'
    enabled: true
    emailReceivers: [
      {
        name: 'operator'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: {
    name: 'calsync-${alert.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: alert.title
      severity: alert.severity
      enabled: true
      autoMitigate: true
      skipQueryValidation: true // a table exists only after its first row
      scopes: [workspaceId]
      evaluationFrequency: alert.every
      windowSize: alert.over
      criteria: {
        allOf: [
          {
            query: replace(
              replace(replace(alert.query, 'STORAGE_ACCOUNT', storageName), 'POISON_QUEUE', poisonQueueName),
              'DAILY_CAP_GB',
              string(dailyCapGB)
            )
            timeAggregation: 'Count'
            operator: alert.operator
            threshold: alert.threshold
            failingPeriods: {
              numberOfEvaluationPeriods: 1
              minFailingPeriodsToAlert: 1
            }
          }
        ]
      }
      actions: { actionGroups: groupIds }
    }
    dependsOn: [mail]
  }
]
