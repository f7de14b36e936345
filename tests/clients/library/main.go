// Command library is a program that extends a cluster from inside a pod: it answers admission webhooks and is an
// aggregated API server. It needs nothing but Go's standard library.
package main

import (
	"crypto/tls"
	"fmt"
	"log"
	"net/http"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		log.Fatal("library takes: admission | catalogue | record NAME")
	}
	var err error
	switch os.Args[1] {
	case "admission":
		err = serve(admission(), nil)
	case "catalogue":
		err = serveCatalogue()
	case "record":
		err = record(os.Args[2])
	default:
		err = fmt.Errorf("unknown command %q", os.Args[1])
	}
	if err != nil {
		log.Fatal(err)
	}
}

// serve answers over TLS with the certificate of a Secret that is mounted at /tls.
func serve(handler http.Handler, config *tls.Config) error {
	server := &http.Server{
		Addr:              ":8443",
		Handler:           handler,
		TLSConfig:         config,
		ReadHeaderTimeout: 10 * time.Second,
	}
	return server.ListenAndServeTLS("/tls/tls.crt", "/tls/tls.key")
}
