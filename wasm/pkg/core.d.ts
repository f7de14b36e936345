/* tslint:disable */
/* eslint-disable */

/**
 * A scheduler core with its own snapshot.
 */
export class Core {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Applies the reserved message of deltas. Answers the empty string, or what is wrong with it.
     */
    apply(): string;
    /**
     * Every node's verdict for the pod in the reserved message. Answers as `schedule`.
     */
    explain(): number;
    /**
     * The layout that this module speaks.
     */
    static layout(): number;
    constructor();
    /**
     * Nodes in the snapshot.
     */
    nodes(): number;
    /**
     * Where the output of the last call lies.
     */
    output(): number;
    /**
     * The plugins in order, one `name:weight` a line (weight 0 for those that only filter).
     */
    static plugins(): string;
    /**
     * Makes room for a message of so many numbers and answers where in memory it goes; 0 when it is too large.
     */
    reserve(numbers: number): number;
    /**
     * Decides on the pod in the reserved message. Answers how many numbers of output there are; 0: malformed.
     */
    schedule(): number;
}
