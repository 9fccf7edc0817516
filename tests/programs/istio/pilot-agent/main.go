// Command pilot-agent gets a proxy of the tests its certificate, starts its Envoy and redirects its pod's traffic.
package main

import (
	"os"

	meshconfig "istio.io/api/mesh/v1alpha1"
	"istio.io/istio/pilot/cmd/pilot-agent/app"
	istioagent "istio.io/istio/pkg/istio-agent"
	"istio.io/istio/pkg/security"
	"istio.io/istio/security/pkg/nodeagent/sds"
)

func main() {
	if err := app.NewRootCommand(newSDSService).Execute(); err != nil {
		os.Exit(1)
	}
}

func newSDSService(options *security.Options, secrets security.SecretManager, key *meshconfig.PrivateKeyProvider) istioagent.SDSService {
	return sds.NewServer(options, secrets, key)
}
