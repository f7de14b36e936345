/** Requests that lead nowhere. */
import { type Cases, testCases } from "./parity_case.ts";

const NO_RESOURCE = {
  code: 404,
  reason: "NotFound",
  message: "the server could not find the requested resource",
  has: { kind: "Status", apiVersion: "v1", status: "Failure", details: {}, code: 404 },
};
const NO_PAGE = { code: 404, has: { text: "404 page not found\n" } };
const NO_METHOD = {
  code: 405,
  reason: "MethodNotAllowed",
  message: "the server does not allow this method on the requested resource",
  has: { kind: "Status", apiVersion: "v1", status: "Failure", details: {}, code: 405 },
};

const ERRORS: Cases = {
  "a resource that is not there": [{ send: "GET widgets", ...NO_RESOURCE }],
  "a group that is not there": [
    { send: "GET /apis/example.com/v1/namespaces/$ns/widgets", ...NO_PAGE },
  ],
  "a version that is not there": [
    { send: "GET /apis/apps/v1beta1/namespaces/$ns/deployments", ...NO_PAGE },
  ],
  "a subresource that is not there": [
    { send: "POST configmaps", body: { metadata: { name: "a" } }, code: 201 },
    { send: "GET configmaps/a/status", ...NO_RESOURCE },
    { send: "GET configmaps/a/scale", ...NO_RESOURCE },
  ],
  "a namespaced object without a namespace": [{ send: "GET /api/v1/pods/x", ...NO_RESOURCE }],
  "an object of the cluster in a namespace": [{ send: "GET nodes", ...NO_RESOURCE }],
  "a namespaced create without a namespace": [
    { send: "POST /api/v1/configmaps", body: { metadata: { name: "a" } }, ...NO_METHOD },
  ],
  "a namespaced deletecollection without a namespace": [
    { send: "DELETE /api/v1/configmaps", ...NO_METHOD },
  ],
  "a create with a name": [
    { send: "POST configmaps/a", body: { metadata: { name: "a" } }, ...NO_METHOD },
  ],
  "a PUT of a collection": [
    { send: "PUT configmaps", body: { metadata: { name: "a" } }, ...NO_METHOD },
  ],
  "a PATCH of a collection": [{ send: "PATCH configmaps", type: "merge", body: {}, ...NO_METHOD }],
  "a GET of a review": [
    { send: "GET /apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ...NO_METHOD },
  ],
  "deletecollection where there is none": [
    { send: "DELETE services?labelSelector=never%3Dthere", code: 200 },
    { send: "DELETE /api/v1/namespaces", ...NO_METHOD },
  ],
  "a GET of a binding": [{ send: "GET pods/p/binding", ...NO_METHOD }],
  "a body in an unknown format": [{
    send: "POST configmaps",
    type: "text/plain",
    body: "x",
    code: 415,
    reason: "UnsupportedMediaType",
    message:
      "the body of the request was in an unknown format - accepted media types include: application/json, " +
      "application/yaml, application/vnd.kubernetes.protobuf",
  }],
  "a body that is too large": [{
    send: "POST configmaps",
    body: { metadata: { name: "a" }, data: { k: "x".repeat(3 * 1024 * 1024) } },
    code: 413,
    reason: "RequestEntityTooLarge",
    message: "Request entity too large: limit is 3145728",
  }],
  "a config map that is too large": [{
    send: "POST configmaps",
    body: { metadata: { name: "a" }, data: { k: "x".repeat(1024 * 1024), l: "y" } },
    code: 422,
    message: 'ConfigMap "a" is invalid: []: Too long: may not be more than 1048576 bytes',
  }],
  "a grace that is no number": [
    { send: "POST configmaps", body: { metadata: { name: "a" } }, code: 201 },
    { send: "DELETE configmaps/a?gracePeriodSeconds=soon", code: 400, reason: "BadRequest" },
  ],
};

testCases("errors", ERRORS);
