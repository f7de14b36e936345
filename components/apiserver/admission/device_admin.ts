import { invalid } from "../../base/mod.ts";
import type {
  DeviceRequest,
  Namespace,
  ResourceClaim,
  ResourceClaimTemplate,
} from "../../api/served.ts";
import type { AdmissionPlugin, AdmissionRequest, ObjectReader } from "../ports.ts";
import { isFor } from "./target.ts";

const GROUP = "resource.k8s.io";
const LABEL = "resource.kubernetes.io/admin-access";

const isClaim = (request: AdmissionRequest): boolean => isFor(request, GROUP, "resourceclaims");

/**
 * Devices are lent to administrators, beside those who use them, in namespaces alone that say so: claims and templates
 * that ask for it elsewhere are refused. What they ask for cannot change later.
 */
export function deviceAdminAccess(reader: ObjectReader): AdmissionPlugin {
  return {
    name: "DeviceAdminAccess",
    handles: (request) =>
      request.operation === "CREATE" &&
      (isClaim(request) || isFor(request, GROUP, "resourceclaimtemplates")),
    validate(request) {
      const at = requestsOf(request).findIndex(({ exactly }) => exactly?.adminAccess === true);
      if (at < 0) return;
      const { name = "", namespace = "" } = request.object?.metadata ?? {};
      const labels = reader.get<Namespace>("", "namespaces", "", namespace)?.metadata?.labels;
      if (labels?.[LABEL] === "true") return;
      throw invalid(request.definition, name, [{
        reason: "FieldValueForbidden",
        message: "Forbidden: admin access to devices requires the " +
          `\`${LABEL}: true\` label on the containing namespace`,
        field: `spec.devices.requests[${at}].adminAccess`,
      }]);
    },
  };
}

function requestsOf(request: AdmissionRequest): readonly DeviceRequest[] {
  const spec = isClaim(request)
    ? (request.object as ResourceClaim).spec
    : (request.object as ResourceClaimTemplate).spec?.spec;
  return spec?.devices?.requests ?? [];
}
