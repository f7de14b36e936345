package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
)

const groupVersion = "catalogue.example.org/v1"

type meta struct {
	Name            string            `json:"name,omitempty"`
	Namespace       string            `json:"namespace,omitempty"`
	UID             string            `json:"uid,omitempty"`
	Annotations     map[string]string `json:"annotations,omitempty"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
}

type book struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   meta   `json:"metadata"`
	Title      string `json:"title"`
}

var titles = []struct{ name, title string }{
	{"emma", "Emma"},
	{"middlemarch", "Middlemarch"},
}

// serveCatalogue answers to the API server alone: whoever asks must have a certificate of the authority that the
// cluster publishes for this purpose, and is believed who the user is.
func serveCatalogue() error {
	var published struct {
		Data map[string]string `json:"data"`
	}
	const where = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication"
	if err := ask(http.MethodGet, where, nil, &published); err != nil {
		return err
	}
	proxies := x509.NewCertPool()
	if !proxies.AppendCertsFromPEM([]byte(published.Data["requestheader-client-ca-file"])) {
		return fmt.Errorf("no authority of proxies in %s", where)
	}
	mux := http.NewServeMux()
	// Probes come without a certificate.
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.HandleFunc("/apis/"+groupVersion, believed(resources))
	mux.HandleFunc("/apis/"+groupVersion+"/namespaces/{namespace}/books", believed(listBooks))
	mux.HandleFunc("/apis/"+groupVersion+"/namespaces/{namespace}/books/{name}", believed(getBook))
	mux.HandleFunc("/", believed(func(w http.ResponseWriter, _ *http.Request) { refuse(w, 404, "NotFound", "nothing here") }))
	return serve(mux, &tls.Config{ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: proxies})
}

func believed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || len(r.TLS.VerifiedChains) == 0 {
			refuse(w, http.StatusUnauthorized, "Unauthorized", "only the API server is believed who asks")
			return
		}
		next(w, r)
	}
}

func refuse(w http.ResponseWriter, code int, reason, message string) {
	writeJSON(w, code, status{APIVersion: "v1", Kind: "Status", Status: "Failure", Reason: reason, Message: message, Code: code})
}

func resources(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"apiVersion": "v1", "kind": "APIResourceList", "groupVersion": groupVersion,
		"resources": []map[string]any{{
			"name": "books", "singularName": "book", "namespaced": true, "kind": "Book",
			"verbs": []string{"get", "list"}, "shortNames": []string{"bk"},
		}},
	})
}

func bookOf(r *http.Request, name, title string) book {
	return book{groupVersion, "Book", meta{
		Name: name, Namespace: r.PathValue("namespace"), UID: "uid-" + name, ResourceVersion: "1",
		Annotations: map[string]string{
			"asked-by": r.Header.Get("X-Remote-User"),
			"groups":   strings.Join(r.Header.Values("X-Remote-Group"), ","),
		},
	}, title}
}

func listBooks(w http.ResponseWriter, r *http.Request) {
	items := []book{}
	for _, each := range titles {
		items = append(items, bookOf(r, each.name, each.title))
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"apiVersion": groupVersion, "kind": "BookList",
		"metadata": map[string]string{"resourceVersion": "1"}, "items": items,
	})
}

func getBook(w http.ResponseWriter, r *http.Request) {
	for _, each := range titles {
		if each.name == r.PathValue("name") {
			writeJSON(w, http.StatusOK, bookOf(r, each.name, each.title))
			return
		}
	}
	refuse(w, http.StatusNotFound, "NotFound", fmt.Sprintf("books.catalogue.example.org %q not found", r.PathValue("name")))
}
