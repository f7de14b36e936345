package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
)

func workload(ctx context.Context, c *clients) error {
	name := map[string]string{"app": "web"}
	replicas := int32(2)
	api := c.typed.AppsV1().Deployments(namespace)
	_, err := api.Create(ctx, &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: "web"},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: name},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: name},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "registry.test/web:1"}}},
			},
		},
	}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	ready := func(count int32) error {
		return until(ctx, fmt.Sprintf("%d ready", count), func() (bool, error) {
			found, err := api.Get(ctx, "web", metav1.GetOptions{})
			return err == nil && found.Status.ReadyReplicas == count, err
		})
	}
	if err := ready(2); err != nil {
		return err
	}
	scale, err := api.GetScale(ctx, "web", metav1.GetOptions{})
	if err != nil || scale.Spec.Replicas != 2 || scale.Status.Selector != "app=web" {
		return fmt.Errorf("scale %v, %w", scale, err)
	}
	scale.Spec.Replicas = 3
	if _, err := api.UpdateScale(ctx, "web", scale, metav1.UpdateOptions{}); err != nil {
		return err
	}
	if err := ready(3); err != nil {
		return err
	}
	pod, err := anyPod(ctx, c)
	if err != nil {
		return err
	}
	stream, err := c.typed.CoreV1().Pods(namespace).GetLogs(pod, &corev1.PodLogOptions{}).Stream(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	if _, err := io.ReadAll(stream); err != nil {
		return err
	}
	err = c.typed.PolicyV1().Evictions(namespace).Evict(ctx,
		&policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: pod, Namespace: namespace}})
	if err != nil {
		return err
	}
	return until(ctx, "the evicted pod's end", func() (bool, error) {
		list, err := c.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + pod})
		return err == nil && len(list.Items) == 0, err
	})
}

func anyPod(ctx context.Context, c *clients) (string, error) {
	list, err := c.typed.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: "app=web"})
	if err != nil {
		return "", err
	}
	for _, pod := range list.Items {
		if pod.DeletionTimestamp == nil && pod.Status.Phase == corev1.PodRunning {
			return pod.Name, nil
		}
	}
	return "", fmt.Errorf("no pod of %d runs", len(list.Items))
}

func execInPod(ctx context.Context, c *clients) error {
	pod, err := anyPod(ctx, c)
	if err != nil {
		return err
	}
	url := c.typed.CoreV1().RESTClient().Post().Resource("pods").Namespace(namespace).Name(pod).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: []string{"true"}, Stdin: true, Stdout: true, Stderr: true},
			scheme.ParameterCodec).URL()
	config := rest.CopyConfig(c.config)
	socket, err := remotecommand.NewWebSocketExecutor(config, "GET", url.String())
	if err != nil {
		return err
	}
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", url)
	if err != nil {
		return err
	}
	for name, executor := range map[string]remotecommand.Executor{"WebSocket": socket, "SPDY": spdy} {
		var stdout, stderr bytes.Buffer
		err := executor.StreamWithContext(ctx, remotecommand.StreamOptions{
			Stdin: strings.NewReader("input"), Stdout: &stdout, Stderr: &stderr,
		})
		if err != nil || stderr.Len() > 0 {
			return fmt.Errorf("over %s: %q, %w", name, stderr.String(), err)
		}
	}
	return nil
}

func tokensAndReviews(ctx context.Context, c *clients) error {
	err := until(ctx, "the default account", func() (bool, error) {
		_, err := c.typed.CoreV1().ServiceAccounts(namespace).Get(ctx, "default", metav1.GetOptions{})
		return err == nil, nil
	})
	if err != nil {
		return err
	}
	token, err := c.typed.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, "default",
		&authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return err
	}
	review, err := c.typed.AuthenticationV1().TokenReviews().Create(ctx, &authenticationv1.TokenReview{
		Spec: authenticationv1.TokenReviewSpec{Token: token.Status.Token},
	}, metav1.CreateOptions{})
	if err != nil || !review.Status.Authenticated {
		return fmt.Errorf("token review %v, %w", review, err)
	}
	access, err := c.typed.AuthorizationV1().SubjectAccessReviews().Create(ctx, &authorizationv1.SubjectAccessReview{
		Spec: authorizationv1.SubjectAccessReviewSpec{
			User:               review.Status.User.Username,
			ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "create", Resource: "pods", Namespace: namespace},
		},
	}, metav1.CreateOptions{})
	if err != nil || access.Status.Allowed {
		return fmt.Errorf("access review %v, %w", access, err)
	}
	return nil
}
