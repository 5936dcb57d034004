export { type EmbeddedEngine, type EmbeddedOptions, embedded } from "./embedded.ts";
export { type StoreOptions, openStore } from "./open-store.ts";
