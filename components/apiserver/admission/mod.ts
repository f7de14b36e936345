/** Built-in admission, in upstream's order. */
import type { Clock, Random } from "../../base/mod.ts";
import { type RbacAuthorizer, RbacEscalation } from "../authz/mod.ts";
import type { AdmissionPlugin, Authorizer, ObjectReader, ObjectWriter } from "../ports.ts";
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from "./certificates.ts";
import { persistentVolumeClaimResize } from "./claim_resize.ts";
import { defaultIngressClass, defaultStorageClass } from "./default_class.ts";
import { LimitRanger } from "./limit_ranger.ts";
import { NamespaceLifecycle } from "./namespace_lifecycle.ts";
import { NodeRestriction } from "./node_restriction.ts";
import {
  DefaultTolerationSeconds,
  RuntimeClassAdmission,
  TaintNodesByCondition,
} from "./pod_defaults.ts";
import { PodSecurity } from "./pod_security/pod_security.ts";
import { podTopologyLabels } from "./pod_topology_labels.ts";
import { Priority } from "./priority.ts";
import { ResourceQuotaAdmission } from "./resource_quota/resource_quota.ts";
import { ServiceAccountAdmission } from "./service_account.ts";
import { storageObjectInUseProtection } from "./storage_protection.ts";

/** What the built-in plugins look at. */
export interface AdmissionOptions {
  readonly reader: ObjectReader;
  readonly writer: ObjectWriter;
  readonly authorizer: Authorizer;
  readonly rbac: RbacAuthorizer;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The plugins that are on, in the order in which both passes call them. Webhooks and policies go after the last,
 * ResourceQuota after those.
 */
export function defaultAdmission(options: AdmissionOptions): AdmissionPlugin[] {
  const { reader, writer, authorizer, rbac, clock, random } = options;
  return [
    new NamespaceLifecycle(reader),
    new LimitRanger(reader),
    new ServiceAccountAdmission(reader, clock, random),
    new NodeRestriction(reader),
    new TaintNodesByCondition(),
    new PodSecurity(reader),
    new Priority(reader),
    new DefaultTolerationSeconds(),
    defaultStorageClass(reader),
    storageObjectInUseProtection,
    persistentVolumeClaimResize(reader),
    new RuntimeClassAdmission(reader),
    certificateRequester,
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction,
    defaultIngressClass(reader),
    podTopologyLabels(reader),
    new RbacEscalation(rbac, authorizer, reader),
    new ResourceQuotaAdmission({ reader, writer, clock }),
  ];
}
