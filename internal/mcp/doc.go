// Package mcp lets agents use the service over the Model Context Protocol: five
// tools that see what the API sees. It reaches nothing by itself: whatever a
// tool does is a request to the API with the key of whoever calls it, so scopes,
// limits, tenants and egress are decided there.
package mcp
