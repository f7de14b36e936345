// Command operator is a controller as most are written: it runs in a pod, finds the cluster by its service account, is
// elected by a Lease, follows one kind of custom resource and keeps what belongs to each object as it should be.
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	typed, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	namespace, me := os.Getenv("POD_NAMESPACE"), os.Getenv("POD_NAME")
	lock := &resourcelock.LeaseLock{
		LeaseMeta:  metav1.ObjectMeta{Namespace: namespace, Name: "loans-operator"},
		Client:     typed.CoordinationV1(),
		LockConfig: resourcelock.ResourceLockConfig{Identity: me},
	}
	leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
		Lock:            lock,
		ReleaseOnCancel: true,
		LeaseDuration:   15 * time.Second,
		RenewDeadline:   10 * time.Second,
		RetryPeriod:     time.Second,
		Callbacks: leaderelection.LeaderCallbacks{
			OnStartedLeading: func(ctx context.Context) {
				if err := reconcileLoans(ctx, config, typed, namespace); err != nil {
					log.Fatal(err)
				}
			},
			OnStoppedLeading: func() { log.Print("no longer the leader") },
		},
	})
}
