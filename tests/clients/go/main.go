// Command clients uses a cluster through client-go in the ways that controllers do: each check prints one line.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const namespace = "go-client"

// clients are what the checks share. typed speaks protobuf, as controllers do.
type clients struct {
	config  *rest.Config
	typed   kubernetes.Interface
	dynamic dynamic.Interface
}

type check struct {
	name string
	run  func(context.Context, *clients) error
}

func main() {
	shared, err := connect(os.Args[1])
	if err != nil {
		fmt.Println("not ok connect:", err)
		os.Exit(1)
	}
	checks := []check{
		{"discovery and the REST mapper", discoveryAndMapper},
		{"typed client in protobuf", typedLifecycle},
		{"errors keep their kinds", typedErrors},
		{"apply configurations", applyConfigurations},
		{"dynamic client", dynamicLifecycle},
		{"informers follow changes", followConfigMaps},
		{"watch from a list", watchFromList},
		{"lists in pages", listInPages},
		{"leader election passes the lease on", electLeaders},
		{"deployment, scale, logs and eviction", workload},
		{"exec over WebSocket and SPDY", execInPod},
		{"tokens and access reviews", tokensAndReviews},
	}
	failed := false
	for _, each := range checks {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		if err := each.run(ctx, shared); err != nil {
			fmt.Printf("not ok %s: %v\n", each.name, err)
			failed = true
		} else {
			fmt.Println("ok", each.name)
		}
		cancel()
	}
	if failed {
		os.Exit(1)
	}
}

func connect(kubeconfig string) (*clients, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 1000, 1000
	protobuf := rest.CopyConfig(config)
	protobuf.ContentType = "application/vnd.kubernetes.protobuf"
	protobuf.AcceptContentTypes = "application/vnd.kubernetes.protobuf"
	typed, err := kubernetes.NewForConfig(protobuf)
	if err != nil {
		return nil, err
	}
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	return &clients{config: config, typed: typed, dynamic: untyped}, nil
}
