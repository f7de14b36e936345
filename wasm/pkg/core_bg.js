/**
 * A scheduler core with its own snapshot. A message is written where `reserve` says, and then named by a call.
 */
export class Core {
    __destroy_into_raw() {
        const ptr = this.__wbg_ptr;
        this.__wbg_ptr = 0;
        CoreFinalization.unregister(this);
        return ptr;
    }
    free() {
        const ptr = this.__destroy_into_raw();
        wasm.__wbg_core_free(ptr, 0);
    }
    /**
     * Applies the message of deltas. Answers the empty string, or what is wrong with it.
     * @returns {string}
     */
    apply() {
        let deferred1_0;
        let deferred1_1;
        try {
            const retptr = wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0;
            wasm.core_apply(retptr, this.__wbg_ptr);
            var r0 = getDataViewMemory0().getInt32(retptr + 4 * 0, true);
            var r1 = getDataViewMemory0().getInt32(retptr + 4 * 1, true);
            deferred1_0 = r0;
            deferred1_1 = r1;
            return getStringFromWasm0(r0, r1);
        } finally {
            wasm.__wbindgen_add_to_stack_pointer(16);
            wasm.__wbindgen_export(deferred1_0, deferred1_1, 1);
        }
    }
    /**
     * Puts the pod of the message, as it was encoded to be placed, on a node. Answers as `apply`.
     * @param {number} node
     * @returns {string}
     */
    assume(node) {
        let deferred1_0;
        let deferred1_1;
        try {
            const retptr = wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0;
            wasm.core_assume(retptr, this.__wbg_ptr, node);
            var r0 = getDataViewMemory0().getInt32(retptr + 4 * 0, true);
            var r1 = getDataViewMemory0().getInt32(retptr + 4 * 1, true);
            deferred1_0 = r0;
            deferred1_1 = r1;
            return getStringFromWasm0(r0, r1);
        } finally {
            wasm.__wbindgen_add_to_stack_pointer(16);
            wasm.__wbindgen_export(deferred1_0, deferred1_1, 1);
        }
    }
    /**
     * Takes the message of profiles. Answers as `apply`.
     * @returns {string}
     */
    configure() {
        let deferred1_0;
        let deferred1_1;
        try {
            const retptr = wasm.__wbindgen_add_to_stack_pointer(-16) >>> 0;
            wasm.core_configure(retptr, this.__wbg_ptr);
            var r0 = getDataViewMemory0().getInt32(retptr + 4 * 0, true);
            var r1 = getDataViewMemory0().getInt32(retptr + 4 * 1, true);
            deferred1_0 = r0;
            deferred1_1 = r1;
            return getStringFromWasm0(r0, r1);
        } finally {
            wasm.__wbindgen_add_to_stack_pointer(16);
            wasm.__wbindgen_export(deferred1_0, deferred1_1, 1);
        }
    }
    /**
     * Every node's verdict. Answers as `schedule`.
     * @returns {number}
     */
    explain() {
        const ret = wasm.core_explain(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * The filters alone. Answers as `schedule`.
     * @returns {number}
     */
    filter() {
        const ret = wasm.core_filter(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * The layout that this module speaks.
     * @returns {number}
     */
    static layout() {
        const ret = wasm.core_layout();
        return ret >>> 0;
    }
    /**
     * Nodes that match the terms of the message. Answers as `schedule`.
     * @returns {number}
     */
    matching() {
        const ret = wasm.core_matching(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Interned numbers below `count` that the core still has. Answers as `schedule`.
     * @param {number} count
     * @returns {number}
     */
    needed(count) {
        const ret = wasm.core_needed(this.__wbg_ptr, count);
        return ret >>> 0;
    }
    constructor() {
        const ret = wasm.core_new();
        this.__wbg_ptr = ret;
        CoreFinalization.register(this, this.__wbg_ptr, this);
        return this;
    }
    /**
     * Nodes in the snapshot.
     * @returns {number}
     */
    nodes() {
        const ret = wasm.core_nodes(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Where the output of the last call lies.
     * @returns {number}
     */
    output() {
        const ret = wasm.core_output(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Preemption's dry run: the first `options` numbers of the message are its options. Answers as `schedule`.
     * @param {number} options
     * @returns {number}
     */
    preempt(options) {
        const ret = wasm.core_preempt(this.__wbg_ptr, options);
        return ret >>> 0;
    }
    /**
     * Makes room for a message of so many numbers and answers where in memory it goes; 0 when it is too large.
     * @param {number} numbers
     * @returns {number}
     */
    reserve(numbers) {
        const ret = wasm.core_reserve(this.__wbg_ptr, numbers);
        return ret >>> 0;
    }
    /**
     * Decides on the pod of the message. Answers how many numbers of output there are; 0: malformed.
     * @returns {number}
     */
    schedule() {
        const ret = wasm.core_schedule(this.__wbg_ptr);
        return ret >>> 0;
    }
    /**
     * Scores of nodes: the first `options` numbers of the message are a list of names. Answers as `schedule`.
     * @param {number} options
     * @returns {number}
     */
    score(options) {
        const ret = wasm.core_score(this.__wbg_ptr, options);
        return ret >>> 0;
    }
}
if (Symbol.dispose) Core.prototype[Symbol.dispose] = Core.prototype.free;
export function __wbg___wbindgen_throw_4c88d8bf264fd984(arg0, arg1) {
    throw new Error(getStringFromWasm0(arg0, arg1));
}
export function __wbindgen_init_externref_table() {
    const table = wasm.__wbindgen_externrefs;
    table.set(0, undefined);
    table.set(1024, undefined);
    table.set(1025, null);
    table.set(1026, true);
    table.set(1027, false);
}
const CoreFinalization = (typeof FinalizationRegistry === 'undefined')
    ? { register: () => {}, unregister: () => {} }
    : new FinalizationRegistry(ptr => wasm.__wbg_core_free(ptr, 1));

let cachedDataViewMemory0 = null;
function getDataViewMemory0() {
    if (cachedDataViewMemory0 === null || cachedDataViewMemory0.buffer.detached === true || (cachedDataViewMemory0.buffer.detached === undefined && cachedDataViewMemory0.buffer !== wasm.memory.buffer)) {
        cachedDataViewMemory0 = new DataView(wasm.memory.buffer);
    }
    return cachedDataViewMemory0;
}

function getStringFromWasm0(ptr, len) {
    ptr = ptr >>> 0;
    return decodeText(getUint8ArrayMemory0().subarray(ptr, ptr + len));
}

let cachedUint8ArrayMemory0 = null;
function getUint8ArrayMemory0() {
    if (cachedUint8ArrayMemory0 === null || cachedUint8ArrayMemory0.byteLength === 0) {
        cachedUint8ArrayMemory0 = new Uint8Array(wasm.memory.buffer);
    }
    return cachedUint8ArrayMemory0;
}

let cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
cachedTextDecoder.decode();
const MAX_SAFARI_DECODE_BYTES = 2146435072;
let numBytesDecoded = 0;
function decodeText(bytes) {
    numBytesDecoded += bytes.length;
    if (numBytesDecoded >= MAX_SAFARI_DECODE_BYTES) {
        cachedTextDecoder = new TextDecoder('utf-8', { ignoreBOM: true });
        cachedTextDecoder.decode();
        numBytesDecoded = bytes.length;
    }
    return cachedTextDecoder.decode(bytes);
}


let wasm;
export function __wbg_set_wasm(val) {
    wasm = val;
}
