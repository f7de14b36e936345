import type { Controller } from "./controller.ts";
import {
  requestApprovingController,
  requestCleaner,
  requestSigningController,
} from "./certificates/controllers.ts";
import { claimProtectionController, volumeProtectionController } from "./claim_protection.ts";
import { ephemeralVolumeController } from "./ephemeral_volume.ts";
import { volumeBinderController } from "./volume_binder/controller.ts";
import { daemonSetController } from "./daemon_set/controller.ts";
import { cronJobController } from "./cron_job/controller.ts";
import { disruptionController } from "./disruption/controller.ts";
import { deploymentController } from "./deployment/controller.ts";
import { clusterRoleAggregationController } from "./cluster_role_aggregation.ts";
import { jobController } from "./job/controller.ts";
import { ttlAfterFinishedController } from "./ttl_after_finished.ts";
import { garbageCollector } from "./garbage_collector/controller.ts";
import { namespaceController } from "./namespace/controller.ts";
import { nodeIpamController } from "./node_ipam/controller.ts";
import { nodeLifecycleController } from "./node_lifecycle/controller.ts";
import { nodeTtlController } from "./node_ttl.ts";
import { policyTypeController } from "./policy_types/controller.ts";
import { podGcController } from "./pod_gc/controller.ts";
import { replicaSetController, replicationController } from "./replica_set/controller.ts";
import { resourceClaimController } from "./resource_claim/controller.ts";
import { resourceQuotaController } from "./resource_quota/controller.ts";
import { rootCaController } from "./root_ca.ts";
import { endpointsController, endpointSliceController } from "./service_endpoints/controllers.ts";
import { endpointSliceMirroringController } from "./service_endpoints/mirror_controller.ts";
import { serviceAccountController } from "./service_account.ts";
import { serviceAccountTokenController } from "./service_account_token.ts";
import { statefulSetController } from "./stateful_set/controller.ts";
import { taintEvictionController } from "./taint_eviction/controller.ts";

/** Every controller there is, in the order in which they start. A new one is one line here. */
export const CONTROLLERS: readonly Controller[] = [
  serviceAccountTokenController,
  serviceAccountController,
  rootCaController,
  namespaceController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  nodeTtlController,
  podGcController,
  replicationController,
  replicaSetController,
  deploymentController,
  statefulSetController,
  daemonSetController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  disruptionController,
  resourceQuotaController,
  clusterRoleAggregationController,
  policyTypeController,
  endpointSliceController,
  endpointsController,
  endpointSliceMirroringController,
  claimProtectionController,
  volumeProtectionController,
  volumeBinderController,
  ephemeralVolumeController,
  resourceClaimController,
  requestApprovingController,
  requestSigningController,
  requestCleaner,
  // Last, so that it finds the shared informers running.
  garbageCollector,
];
