package main

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
	"k8s.io/client-go/tools/pager"
	watchtools "k8s.io/client-go/tools/watch"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

func until(ctx context.Context, what string, done func() (bool, error)) error {
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true,
		func(context.Context) (bool, error) { return done() })
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func followConfigMaps(ctx context.Context, c *clients) error {
	factory := informers.NewSharedInformerFactoryWithOptions(c.typed, 0, informers.WithNamespace(namespace))
	configMaps := factory.Core().V1().ConfigMaps()
	var added, updated, deleted atomic.Int32
	_, err := configMaps.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { count(&added, object) },
		UpdateFunc: func(_, object any) { count(&updated, object) },
		DeleteFunc: func(object any) { count(&deleted, object) },
	})
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer factory.Shutdown()
	defer stop()
	factory.Start(running.Done())
	for kind, synced := range factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return fmt.Errorf("%v did not sync", kind)
		}
	}
	api := c.typed.CoreV1().ConfigMaps(namespace)
	made, err := api.Create(ctx, configMap("followed", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	made.Labels = map[string]string{"followed": "yes"}
	if _, err := api.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	err = until(ctx, "the label in the cache", func() (bool, error) {
		found, err := configMaps.Lister().List(labels.SelectorFromSet(made.Labels))
		return len(found) == 1, err
	})
	if err != nil {
		return err
	}
	if err := api.Delete(ctx, "followed", metav1.DeleteOptions{}); err != nil {
		return err
	}
	return until(ctx, "three events", func() (bool, error) {
		return added.Load() == 1 && updated.Load() >= 1 && deleted.Load() == 1, nil
	})
}

func count(counter *atomic.Int32, object any) {
	if found, isMap := object.(*corev1.ConfigMap); isMap && found.Name == "followed" {
		counter.Add(1)
	}
}

func watchFromList(ctx context.Context, c *clients) error {
	api := c.typed.CoreV1().ConfigMaps(namespace)
	list, err := api.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	watcher, err := watchtools.NewRetryWatcherWithContext(ctx, list.ResourceVersion, &cache.ListWatch{
		WatchFuncWithContext: func(ctx context.Context, options metav1.ListOptions) (watch.Interface, error) {
			return api.Watch(ctx, options)
		},
	})
	if err != nil {
		return err
	}
	defer watcher.Stop()
	if _, err := api.Create(ctx, configMap("watched", nil), metav1.CreateOptions{}); err != nil {
		return err
	}
	if err := api.Delete(ctx, "watched", metav1.DeleteOptions{}); err != nil {
		return err
	}
	for _, expected := range []watch.EventType{watch.Added, watch.Deleted} {
		select {
		case event := <-watcher.ResultChan():
			object, isMap := event.Object.(*corev1.ConfigMap)
			if event.Type != expected || !isMap || object.Name != "watched" {
				return fmt.Errorf("event %v", event)
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func listInPages(ctx context.Context, c *clients) error {
	api := c.typed.CoreV1().ConfigMaps(namespace)
	for i := range 7 {
		object := configMap("page-"+strconv.Itoa(i), nil)
		object.Labels = map[string]string{"paged": "yes"}
		if _, err := api.Create(ctx, object, metav1.CreateOptions{}); err != nil {
			return err
		}
	}
	pages := pager.New(func(ctx context.Context, options metav1.ListOptions) (runtime.Object, error) {
		return api.List(ctx, options)
	})
	pages.PageSize = 3
	count := 0
	err := pages.EachListItem(ctx, metav1.ListOptions{LabelSelector: "paged=yes"},
		func(runtime.Object) error { count++; return nil })
	if err != nil || count != 7 {
		return fmt.Errorf("%d of 7, %w", count, err)
	}
	return nil
}

func electLeaders(ctx context.Context, c *clients) error {
	leaders := make(chan string, 4)
	candidate := func(ctx context.Context, name string) {
		leaderelection.RunOrDie(ctx, leaderelection.LeaderElectionConfig{
			Lock: &resourcelock.LeaseLock{
				LeaseMeta:  metav1.ObjectMeta{Name: "leader", Namespace: namespace},
				Client:     c.typed.CoordinationV1(),
				LockConfig: resourcelock.ResourceLockConfig{Identity: name},
			},
			LeaseDuration: 4 * time.Second, RenewDeadline: 3 * time.Second, RetryPeriod: 200 * time.Millisecond,
			ReleaseOnCancel: true,
			Callbacks: leaderelection.LeaderCallbacks{
				OnStartedLeading: func(context.Context) { leaders <- name },
				OnStoppedLeading: func() {},
			},
		})
	}
	first, leave := context.WithCancel(ctx)
	go candidate(first, "first")
	if leader := <-leaders; leader != "first" {
		leave()
		return fmt.Errorf("leader %s", leader)
	}
	second, end := context.WithCancel(ctx)
	defer end()
	go candidate(second, "second")
	leave()
	select {
	case leader := <-leaders:
		if leader != "second" {
			return fmt.Errorf("leader %s", leader)
		}
	case <-ctx.Done():
		return ctx.Err()
	}
	lease, err := c.typed.CoordinationV1().Leases(namespace).Get(ctx, "leader", metav1.GetOptions{})
	if err != nil || *lease.Spec.HolderIdentity != "second" || lease.Spec.RenewTime.IsZero() {
		return fmt.Errorf("lease %v, %w", lease, err)
	}
	return nil
}
