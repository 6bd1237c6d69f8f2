"""Stand-ins for Microsoft Graph and ERP.net over real HTTP; they import nothing of the product."""
