/** The ports of every node that lead to services. */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

export const NODE_PORT_RANGE: PortRange = { first: 30000, last: 32767 };
