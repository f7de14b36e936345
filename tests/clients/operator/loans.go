package main

import (
	"context"
	"fmt"
	"log"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	corev1apply "k8s.io/client-go/applyconfigurations/core/v1"
	metav1apply "k8s.io/client-go/applyconfigurations/meta/v1"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/kubernetes"
	typedcorev1 "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/record"
	"k8s.io/client-go/util/workqueue"

	"k8s.io/client-go/kubernetes/scheme"
)

const (
	manager   = "loans-operator"
	finalizer = "library.example.org/returned"
)

var loans = schema.GroupVersionResource{Group: "library.example.org", Version: "v1", Resource: "loans"}

type operator struct {
	typed   kubernetes.Interface
	dynamic dynamic.Interface
	cache   cache.GenericLister
	events  record.EventRecorder
}

// reconcileLoans gives each Loan a ConfigMap, the receipt, and takes note of what was returned when a Loan goes.
func reconcileLoans(ctx context.Context, config *rest.Config, typed kubernetes.Interface, namespace string) error {
	untyped, err := dynamic.NewForConfig(config)
	if err != nil {
		return err
	}
	broadcaster := record.NewBroadcaster(record.WithContext(ctx))
	broadcaster.StartRecordingToSink(&typedcorev1.EventSinkImpl{Interface: typed.CoreV1().Events(namespace)})
	defer broadcaster.Shutdown()
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(untyped, 0, namespace, nil)
	informer := factory.ForResource(loans)
	queue := workqueue.NewTypedRateLimitingQueue(workqueue.DefaultTypedControllerRateLimiter[string]())
	enqueue := func(object any) {
		if key, err := cache.DeletionHandlingMetaNamespaceKeyFunc(object); err == nil {
			queue.Add(key)
		}
	}
	if _, err := informer.Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    enqueue,
		UpdateFunc: func(_, object any) { enqueue(object) },
		DeleteFunc: enqueue,
	}); err != nil {
		return err
	}
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	log.Print("the leader, and all loans are known")
	o := &operator{typed, untyped, informer.Lister(), broadcaster.NewRecorder(scheme.Scheme, corev1.EventSource{Component: manager})}
	go func() { <-ctx.Done(); queue.ShutDown() }()
	for {
		key, shutdown := queue.Get()
		if shutdown {
			return nil
		}
		if err := o.reconcile(ctx, key); err != nil {
			log.Printf("%s: %v", key, err)
			queue.AddRateLimited(key)
		} else {
			queue.Forget(key)
		}
		queue.Done(key)
	}
}

func (o *operator) reconcile(ctx context.Context, key string) error {
	namespace, name, err := cache.SplitMetaNamespaceKey(key)
	if err != nil {
		return err
	}
	object, err := o.cache.ByNamespace(namespace).Get(name)
	if errors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	loan := object.(*unstructured.Unstructured).DeepCopy()
	if loan.GetDeletionTimestamp() != nil {
		return o.takeBack(ctx, loan)
	}
	if !slices.Contains(loan.GetFinalizers(), finalizer) {
		loan.SetFinalizers(append(loan.GetFinalizers(), finalizer))
		_, err := o.dynamic.Resource(loans).Namespace(namespace).Update(ctx, loan, metav1.UpdateOptions{FieldManager: manager})
		return err
	}
	title, _, _ := unstructured.NestedString(loan.Object, "spec", "book")
	days, _, _ := unstructured.NestedInt64(loan.Object, "spec", "days")
	receipt := corev1apply.ConfigMap(name+"-receipt", namespace).
		WithOwnerReferences(metav1apply.OwnerReference().WithAPIVersion(loan.GetAPIVersion()).WithKind(loan.GetKind()).
			WithName(name).WithUID(loan.GetUID()).WithController(true).WithBlockOwnerDeletion(true)).
		WithData(map[string]string{"text": fmt.Sprintf("%s for %d days", title, days)})
	force := metav1.ApplyOptions{FieldManager: manager, Force: true}
	if _, err := o.typed.CoreV1().ConfigMaps(namespace).Apply(ctx, receipt, force); err != nil {
		return err
	}
	observed, _, _ := unstructured.NestedInt64(loan.Object, "status", "observedGeneration")
	if observed == loan.GetGeneration() {
		return nil
	}
	loan.Object["status"] = map[string]any{"observedGeneration": loan.GetGeneration(), "phase": "Lent"}
	if _, err := o.dynamic.Resource(loans).Namespace(namespace).UpdateStatus(ctx, loan, metav1.UpdateOptions{FieldManager: manager}); err != nil {
		return err
	}
	o.events.Eventf(loan, corev1.EventTypeNormal, "Lent", "%s is lent for %d days", title, days)
	return nil
}

func (o *operator) takeBack(ctx context.Context, loan *unstructured.Unstructured) error {
	if !slices.Contains(loan.GetFinalizers(), finalizer) {
		return nil
	}
	o.events.Event(loan, corev1.EventTypeNormal, "Returned", "the book is back")
	loan.SetFinalizers(slices.DeleteFunc(loan.GetFinalizers(), func(each string) bool { return each == finalizer }))
	_, err := o.dynamic.Resource(loans).Namespace(loan.GetNamespace()).Update(ctx, loan, metav1.UpdateOptions{FieldManager: manager})
	return err
}
