/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_core_free: (a: number, b: number) => void;
export const core_apply: (a: number, b: number) => void;
export const core_assume: (a: number, b: number, c: number) => void;
export const core_configure: (a: number, b: number) => void;
export const core_explain: (a: number) => number;
export const core_filter: (a: number) => number;
export const core_layout: () => number;
export const core_matching: (a: number) => number;
export const core_needed: (a: number, b: number) => number;
export const core_new: () => number;
export const core_nodes: (a: number) => number;
export const core_output: (a: number) => number;
export const core_preempt: (a: number, b: number) => number;
export const core_reserve: (a: number, b: number) => number;
export const core_schedule: (a: number) => number;
export const core_score: (a: number, b: number) => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_add_to_stack_pointer: (a: number) => number;
export const __wbindgen_export: (a: number, b: number, c: number) => void;
export const __wbindgen_start: () => void;
