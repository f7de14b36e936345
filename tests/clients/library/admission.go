package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
)

type review struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Request    *admissionRequest `json:"request,omitempty"`
	Response   *admissionAnswer  `json:"response,omitempty"`
}

type admissionRequest struct {
	UID       string          `json:"uid"`
	Operation string          `json:"operation"`
	Object    json.RawMessage `json:"object"`
}

type admissionAnswer struct {
	UID       string   `json:"uid"`
	Allowed   bool     `json:"allowed"`
	Status    *status  `json:"status,omitempty"`
	Patch     []byte   `json:"patch,omitempty"`
	PatchType string   `json:"patchType,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
}

type status struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
	Status     string `json:"status,omitempty"`
	Message    string `json:"message"`
	Reason     string `json:"reason,omitempty"`
	Code       int    `json:"code"`
}

type loan struct {
	Metadata struct {
		Labels map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Book string `json:"book"`
		Days int    `json:"days"`
	} `json:"spec"`
}

// admission answers /mutate, which says where the book stands, and /validate, which limits how long it is lent.
func admission() http.Handler {
	limit, err := strconv.Atoi(os.Getenv("LIMIT_DAYS"))
	if err != nil {
		limit = 30
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "ok") })
	mux.HandleFunc("/mutate", reviewed(func(l loan, answer *admissionAnswer) {
		patch := []map[string]any{}
		if l.Metadata.Labels == nil {
			patch = append(patch, map[string]any{"op": "add", "path": "/metadata/labels", "value": map[string]string{}})
		}
		answer.Patch, _ = json.Marshal(append(patch, map[string]any{
			"op": "add", "path": "/metadata/labels/shelf", "value": os.Getenv("SHELF"),
		}))
		answer.PatchType = "JSONPatch"
	}))
	mux.HandleFunc("/validate", reviewed(func(l loan, answer *admissionAnswer) {
		if l.Spec.Days > limit {
			answer.Allowed = false
			answer.Status = &status{Code: http.StatusForbidden, Message: fmt.Sprintf("%q is lent for at most %d days", l.Spec.Book, limit)}
		} else if l.Spec.Days == limit {
			answer.Warnings = []string{"this is the longest that a book is lent"}
		}
	}))
	return mux
}

func reviewed(decide func(loan, *admissionAnswer)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var asked review
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked.Request == nil {
			http.Error(w, "no AdmissionReview", http.StatusBadRequest)
			return
		}
		var object loan
		if err := json.Unmarshal(asked.Request.Object, &object); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer := &admissionAnswer{UID: asked.Request.UID, Allowed: true}
		decide(object, answer)
		writeJSON(w, http.StatusOK, review{APIVersion: asked.APIVersion, Kind: asked.Kind, Response: answer})
	}
}

func writeJSON(w http.ResponseWriter, code int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(value)
}
