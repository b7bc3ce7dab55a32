//go:build tools

// Package tools pins the API server of another minor that the guard's policies are tried on.
package tools

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
)
