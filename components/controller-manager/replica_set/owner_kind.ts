import {
  type KubeObject,
  REPLICA_SETS,
  type ReplicaSet,
  type ReplicaSetStatus,
  REPLICATION_CONTROLLERS,
  type ReplicationController,
  type ResourceType,
} from "../../api/mod.ts";

/** A kind that keeps a number of pods, seen as a ReplicaSet. */
export interface ReplicaOwnerKind<T extends KubeObject> {
  readonly type: ResourceType<T>;
  /** Upstream's name of its controller, in events. */
  readonly component: string;
  view(object: T): ReplicaSet;
  withStatus(object: T, status: ReplicaSetStatus): T;
}

export const REPLICA_SET_KIND: ReplicaOwnerKind<ReplicaSet> = {
  type: REPLICA_SETS,
  component: "replicaset-controller",
  view: (set) => set,
  withStatus: (set, status) => ({ ...set, status }),
};

const views = new WeakMap<ReplicationController, ReplicaSet>();

export const REPLICATION_CONTROLLER_KIND: ReplicaOwnerKind<ReplicationController> = {
  type: REPLICATION_CONTROLLERS,
  component: "replication-controller",
  view(controller) {
    let view = views.get(controller);
    if (view === undefined) {
      const { selector, ...spec } = controller.spec ?? {};
      view = {
        ...controller,
        spec: {
          ...spec,
          ...(selector === undefined ? {} : { selector: { matchLabels: selector } }),
        },
      } as ReplicaSet;
      views.set(controller, view);
    }
    return view;
  },
  withStatus(controller, { terminatingReplicas: _, ...status }) {
    return { ...controller, status };
  },
};
