// Flex Consumption: billed by execution, scaled by the platform, one app per plan.

@description('Required. Name of the plan.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags { *: string }

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: { reserved: true }
}

@description('Resource id of the plan.')
output id string = plan.id
