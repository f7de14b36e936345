import { type KubeObject, labelMapMatcher, type LabelMatcher } from "../api/mod.ts";
import { type LabelSelector, labelSelectorMatcher, MATCH_NOTHING } from "../api/mod.ts";

/** Objects of an informer are never changed, so what is compiled from one lives as long as it does. */
const compiled = new WeakMap<object, LabelMatcher>();

/** The compiled selector of a workload; nothing for one that is missing or cannot be read. */
export function selectorOf(
  object: KubeObject & { spec?: { selector?: LabelSelector } },
): LabelMatcher {
  return compiledOnce(object, () => labelSelectorMatcher(object.spec?.selector));
}

/** The same for selectors that are plain maps, as Services and ReplicationControllers have. */
export function mapSelectorOf(
  object: KubeObject & { spec?: { selector?: Record<string, string> } },
): LabelMatcher {
  const selector = object.spec?.selector;
  if (selector === undefined || Object.keys(selector).length === 0) return MATCH_NOTHING;
  return compiledOnce(object, () => labelMapMatcher(selector));
}

function compiledOnce(object: object, compile: () => LabelMatcher): LabelMatcher {
  let matcher = compiled.get(object);
  if (matcher === undefined) {
    try {
      matcher = compile();
    } catch {
      matcher = MATCH_NOTHING;
    }
    compiled.set(object, matcher);
  }
  return matcher;
}
