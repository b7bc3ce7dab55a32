//go:build tools

// Package tools pins both Helms. Beside each other in one module they share their libraries, which are then built once.
package tools

import (
	_ "helm.sh/helm/v3/cmd/helm"
	_ "helm.sh/helm/v4/cmd/helm"
)
