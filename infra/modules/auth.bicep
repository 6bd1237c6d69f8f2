// Sign-in for the page, switched off where there is none: left out, it would stay as it was. Webhooks and health stay
// outside it: they authenticate in the code or tell nothing.

@description('Required. Name of the function app.')
param appName string

@description('Required. Client id of the app registration for the page; empty = no sign-in.')
param clientId string

var hasSignIn = !empty(clientId)

// Exact paths, and a trailing /*, which is the only wildcard there is (azure.md §7).
var openPaths = ['/api/webhooks/graph', '/api/webhooks/erpnet', '/api/health', '/portal/assets/*']

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: appName
}

resource auth 'Microsoft.Web/sites/config@2025-03-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: hasSignIn }
    globalValidation: {
      requireAuthentication: hasSignIn
      unauthenticatedClientAction: hasSignIn ? 'RedirectToLoginPage' : 'AllowAnonymous'
      redirectToProvider: hasSignIn ? 'azureactivedirectory' : null
      excludedPaths: openPaths
    }
    httpSettings: { requireHttps: true }
    identityProviders: hasSignIn
      ? {
          azureActiveDirectory: {
            enabled: true
            registration: {
              clientId: clientId
              openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
            }
            validation: { allowedAudiences: [clientId, 'api://${clientId}'] }
          }
        }
      : null
    login: {
      tokenStore: { enabled: false }
      // The cookie outlives signing out: a working day at most.
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
    }
  }
}
