/**
 * A plugin of one's own: pods of a group start together or not at all. A pod names its group by the label
 * `example.com/pod-group` and the group's size by the annotation `example.com/pod-group-size`; each gets its node and
 * waits there until all have theirs, `waitSeconds` (an argument; 60) at most. Then all are bound, or none, and the room
 * is free again.
 */
import type { OwnPlugin, OwnPluginModule } from "../../components/scheduler/plugins/own_plugin.ts";
import type { Pod } from "../../components/api/mod.ts";

const GROUP = "example.com/pod-group";
const SIZE = "example.com/pod-group-size";

const groupOf = (pod: Pod): string =>
  `${pod.metadata?.namespace}/${pod.metadata?.labels?.[GROUP] ?? ""}`;
const sizeOf = (pod: Pod): number => Number(pod.metadata?.annotations?.[SIZE] ?? 1);
const uidOf = (pod: Pod): string => pod.metadata?.uid ?? "";

const plugin: OwnPluginModule = {
  name: "PodGroup",
  points: ["preFilter", "reserve", "permit", "postBind"],
  // Pods without the label never come here.
  podSelector: { matchExpressions: [{ key: GROUP, operator: "Exists" }] },
  // A pod of the group that comes, or one that frees room, may complete it.
  events: [
    { resource: "AssignedPod", actions: ["Delete"] },
    { resource: "Node", actions: ["Add", "UpdateNodeAllocatable"] },
  ],
  create({ waitSeconds = 60 }, handle): OwnPlugin {
    /** uids of the pods that have a node, by group; those of groups that are bound are forgotten. */
    const placed = new Map<string, Set<string>>();
    return {
      preFilter(pod) {
        const size = sizeOf(pod);
        if (Number.isInteger(size) && size > 0) return;
        return { code: "UnschedulableAndUnresolvable", reasons: [`${SIZE} is no number of pods`] };
      },
      reserve(pod) {
        const group = placed.get(groupOf(pod)) ?? new Set();
        placed.set(groupOf(pod), group.add(uidOf(pod)));
      },
      unreserve(pod) {
        const group = placed.get(groupOf(pod));
        if (group?.delete(uidOf(pod)) !== true) return;
        // One that gives up makes all others give up: their room may be what another group needs.
        for (const uid of group) handle.reject(uid, "another pod of its group has no node");
        placed.delete(groupOf(pod));
      },
      permit(pod) {
        const group = placed.get(groupOf(pod)) ?? new Set();
        if (group.size < sizeOf(pod)) return { waitSeconds: Number(waitSeconds) };
        for (const uid of group) if (uid !== uidOf(pod)) handle.allow(uid);
        return true;
      },
      postBind(pod) {
        const group = placed.get(groupOf(pod));
        group?.delete(uidOf(pod));
        if (group?.size === 0) placed.delete(groupOf(pod));
      },
    };
  },
};

export default plugin;
