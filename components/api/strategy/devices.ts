import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from "../generated/types.ts";
import * as claims from "../validation/devices/claim.ts";
import { dropFreedDevices, validateClaimStatus } from "../validation/devices/claim_status.ts";
import * as slices from "../validation/devices/slice.ts";
import { rules, type RuleTable } from "./rules.ts";

/** The kinds of resource.k8s.io: devices, who offers them and who asks for them. */
export const DEVICE_RULES: RuleTable = {
  "resource.k8s.io/DeviceClass": rules<DeviceClass>({
    generation: ["spec"],
    returnsDeleted: true,
    create: claims.validateClass,
    update: claims.validateClassUpdate,
  }),
  "resource.k8s.io/ResourceClaim": rules<ResourceClaim>({
    returnsDeleted: true,
    create: claims.validateClaim,
    update: claims.validateClaimUpdate,
    prepareStatus: dropFreedDevices,
    statusUpdate: validateClaimStatus,
  }),
  "resource.k8s.io/ResourceClaimTemplate": rules<ResourceClaimTemplate>({
    returnsDeleted: true,
    create: claims.validateTemplate,
    update: claims.validateTemplateUpdate,
  }),
  "resource.k8s.io/ResourceSlice": rules<ResourceSlice>({
    generation: ["spec"],
    returnsDeleted: true,
    prepareCreate: slices.dropUnknownMembers,
    prepareUpdate: slices.dropUnknownMembers,
    create: slices.validateSlice,
    update: slices.validateSliceUpdate,
  }),
};
