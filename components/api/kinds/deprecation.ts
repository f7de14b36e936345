/** Built-in versions that have something newer, and what clients are told of them. */
const DEPRECATIONS: Readonly<Record<string, string>> = {
  "/v1/ComponentStatus": "v1 ComponentStatus is deprecated in v1.19+",
  "/v1/Endpoints": "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
};

export function deprecationOf(
  { group, version, kind }: {
    readonly group: string;
    readonly version: string;
    readonly kind: string;
  },
): string | undefined {
  return DEPRECATIONS[`${group}/${version}/${kind}`];
}
