/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const __wbg_core_free: (a: number, b: number) => void;
export const core_apply: (a: number, b: number) => void;
export const core_explain: (a: number) => number;
export const core_layout: () => number;
export const core_new: () => number;
export const core_nodes: (a: number) => number;
export const core_output: (a: number) => number;
export const core_plugins: (a: number) => void;
export const core_reserve: (a: number, b: number) => number;
export const core_schedule: (a: number) => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_add_to_stack_pointer: (a: number) => number;
export const __wbindgen_export: (a: number, b: number, c: number) => void;
export const __wbindgen_start: () => void;
