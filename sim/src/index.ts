export type { SimResult } from "./chain.ts";
export { simulate } from "./chain.ts";
export type { SimOptions } from "./options.ts";
export { SIM_DEFAULTS } from "./options.ts";
