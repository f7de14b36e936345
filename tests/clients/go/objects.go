package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	applycorev1 "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/restmapper"
)

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

func configMap(name string, data map[string]string) *corev1.ConfigMap {
	return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: data}
}

func discoveryAndMapper(_ context.Context, c *clients) error {
	version, err := c.typed.Discovery().ServerVersion()
	if err != nil || !strings.HasPrefix(version.GitVersion, "v1.36") {
		return fmt.Errorf("version %v, %w", version, err)
	}
	cached := memory.NewMemCacheClient(c.typed.Discovery())
	mapper := restmapper.NewShortcutExpander(
		restmapper.NewDeferredDiscoveryRESTMapper(cached), cached, nil)
	mapping, err := mapper.RESTMapping(schema.GroupKind{Group: "apps", Kind: "Deployment"})
	if err != nil || mapping.Resource.Resource != "deployments" ||
		mapping.Scope.Name() != meta.RESTScopeNameNamespace {
		return fmt.Errorf("mapping %v, %w", mapping, err)
	}
	short, err := mapper.ResourceFor(schema.GroupVersionResource{Resource: "cm"})
	if err != nil || short.Resource != "configmaps" {
		return fmt.Errorf("short name %v, %w", short, err)
	}
	preferred, err := c.typed.Discovery().ServerPreferredResources()
	if err != nil || len(preferred) < 15 {
		return fmt.Errorf("%d groups, %w", len(preferred), err)
	}
	return nil
}

func typedLifecycle(ctx context.Context, c *clients) error {
	_, err := c.typed.CoreV1().Namespaces().Create(ctx,
		&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	api := c.typed.CoreV1().ConfigMaps(namespace)
	made, err := api.Create(ctx, configMap("typed", map[string]string{"a": "1"}), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if made.UID == "" || len(made.ManagedFields) != 1 || made.CreationTimestamp.IsZero() {
		return fmt.Errorf("created %v", made.ObjectMeta)
	}
	made.BinaryData = map[string][]byte{"raw": {0, 255}}
	changed, err := api.Update(ctx, made, metav1.UpdateOptions{})
	if err != nil || changed.BinaryData["raw"][1] != 255 {
		return fmt.Errorf("updated %v, %w", changed, err)
	}
	patched, err := api.Patch(ctx, "typed", types.StrategicMergePatchType,
		[]byte(`{"data":{"a":null,"b":"2"}}`), metav1.PatchOptions{})
	if err != nil || len(patched.Data) != 1 || patched.Data["b"] != "2" {
		return fmt.Errorf("patched %v, %w", patched, err)
	}
	list, err := api.List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=typed"})
	if err != nil || len(list.Items) != 1 || list.ResourceVersion == "" {
		return fmt.Errorf("listed %v, %w", list, err)
	}
	if err := api.Delete(ctx, "typed", *metav1.NewDeleteOptions(0)); err != nil {
		return err
	}
	return api.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: "no=such"})
}

func typedErrors(ctx context.Context, c *clients) error {
	api := c.typed.CoreV1().ConfigMaps(namespace)
	if _, err := api.Get(ctx, "none", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
		return fmt.Errorf("not found: %w", err)
	}
	made, err := api.Create(ctx, configMap("errors", nil), metav1.CreateOptions{})
	if err != nil {
		return err
	}
	if _, err := api.Create(ctx, configMap("errors", nil), metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("exists: %w", err)
	}
	stale := made.DeepCopy()
	made.Data = map[string]string{"x": "y"}
	if _, err := api.Update(ctx, made, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if _, err := api.Update(ctx, stale, metav1.UpdateOptions{}); !apierrors.IsConflict(err) {
		return fmt.Errorf("conflict: %w", err)
	}
	wrong, err := api.Create(ctx, configMap("Wrong_Name", nil), metav1.CreateOptions{})
	if !apierrors.IsInvalid(err) {
		return fmt.Errorf("invalid: %v, %w", wrong, err)
	}
	options := metav1.ListOptions{ResourceVersion: "99999999", ResourceVersionMatch: metav1.ResourceVersionMatchExact}
	// The server says to come again, and so the client does.
	short, leave := context.WithTimeout(ctx, time.Second)
	defer leave()
	if _, err := api.List(short, options); err == nil {
		return fmt.Errorf("a list of the future was answered")
	}
	return nil
}

func applyConfigurations(ctx context.Context, c *clients) error {
	api := c.typed.CoreV1().ConfigMaps(namespace)
	apply := func(manager string, force bool, data map[string]string) (*corev1.ConfigMap, error) {
		return api.Apply(ctx, applycorev1.ConfigMap("applied", namespace).WithData(data),
			metav1.ApplyOptions{FieldManager: manager, Force: force})
	}
	if _, err := apply("one", false, map[string]string{"a": "1", "b": "1"}); err != nil {
		return err
	}
	if _, err := apply("two", false, map[string]string{"a": "2"}); !apierrors.IsConflict(err) {
		return fmt.Errorf("conflict: %w", err)
	}
	if _, err := apply("two", true, map[string]string{"a": "2"}); err != nil {
		return err
	}
	left, err := apply("one", false, map[string]string{})
	if err != nil || left.Data["a"] != "2" || len(left.Data) != 1 {
		return fmt.Errorf("left %v, %w", left, err)
	}
	extracted, err := applycorev1.ExtractConfigMap(left, "two")
	if err != nil || extracted.Data["a"] != "2" {
		return fmt.Errorf("extracted %v, %w", extracted, err)
	}
	return nil
}

func dynamicLifecycle(ctx context.Context, c *clients) error {
	api := c.dynamic.Resource(configMaps).Namespace(namespace)
	object := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"generateName": "dynamic-"},
		"data":     map[string]any{"k": "v"},
	}}
	made, err := api.Create(ctx, object, metav1.CreateOptions{})
	if err != nil || !strings.HasPrefix(made.GetName(), "dynamic-") {
		return fmt.Errorf("created %v, %w", made, err)
	}
	applied, err := api.Apply(ctx, made.GetName(), &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": made.GetName()},
		"data":     map[string]any{"more": "1"},
	}}, metav1.ApplyOptions{FieldManager: "dynamic"})
	if err != nil {
		return err
	}
	if data, _, _ := unstructured.NestedStringMap(applied.Object, "data"); len(data) != 2 {
		return fmt.Errorf("applied %v", data)
	}
	list, err := api.List(ctx, metav1.ListOptions{})
	if err != nil || list.GetKind() != "ConfigMapList" || list.Items[0].GetKind() != "ConfigMap" {
		return fmt.Errorf("listed %v, %w", list, err)
	}
	return api.Delete(ctx, made.GetName(), metav1.DeleteOptions{})
}
