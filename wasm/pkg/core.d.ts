/* tslint:disable */
/* eslint-disable */

/**
 * A scheduler core with its own snapshot. A message is written where `reserve` says, and then named by a call.
 */
export class Core {
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Applies the message of deltas. Answers the empty string, or what is wrong with it.
     */
    apply(): string;
    /**
     * Puts the pod of the message, as it was encoded to be placed, on a node. Answers as `apply`.
     */
    assume(node: number): string;
    /**
     * Takes the message of profiles. Answers as `apply`.
     */
    configure(): string;
    /**
     * Every node's verdict. Answers as `schedule`.
     */
    explain(): number;
    /**
     * The filters alone. Answers as `schedule`.
     */
    filter(): number;
    /**
     * The layout that this module speaks.
     */
    static layout(): number;
    /**
     * Nodes that match the terms of the message. Answers as `schedule`.
     */
    matching(): number;
    /**
     * Interned numbers below `count` that the core still has. Answers as `schedule`.
     */
    needed(count: number): number;
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
     * Preemption's dry run: the first `options` numbers of the message are its options. Answers as `schedule`.
     */
    preempt(options: number): number;
    /**
     * Makes room for a message of so many numbers and answers where in memory it goes; 0 when it is too large.
     */
    reserve(numbers: number): number;
    /**
     * Decides on the pod of the message. Answers how many numbers of output there are; 0: malformed.
     */
    schedule(): number;
    /**
     * Scores of nodes: the first `options` numbers of the message are a list of names. Answers as `schedule`.
     */
    score(options: number): number;
}
