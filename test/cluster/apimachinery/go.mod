// What test/cluster/apimachinery.cluster.ts compares with: the Kubernetes version of the API
// server that test/cluster/go.mod pins. A module of its own, so that a change of one does not
// build the other again.
module novasphere.dev/wukong-api/test/cluster/apimachinery

go 1.26.0

require (
	gopkg.in/inf.v0 v0.9.1
	k8s.io/apimachinery v0.36.3
)

require (
	github.com/fxamacker/cbor/v2 v2.9.0 // indirect
	github.com/go-logr/logr v1.4.3 // indirect
	github.com/x448/float16 v0.8.4 // indirect
	k8s.io/klog/v2 v2.140.0 // indirect
	k8s.io/utils v0.0.0-20260210185600-b8788abfbbc2 // indirect
	sigs.k8s.io/json v0.0.0-20250730193827-2d320260d730 // indirect
)
