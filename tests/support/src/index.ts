export { CHAIN_STEPS } from "./crash/chain.ts";
export { type Bill, NOTES, ORDER_LIMITS, type Order, orderOf, placeOrder, settleOrders } from "./crash/orders.ts";
export { Ledger, type LedgerEntry, type LedgerLine } from "./ledger.ts";
export { type PostgresCluster, createPostgres } from "./postgres.ts";
export { freePort } from "./ports.ts";
export { Program, type ProgramOptions, cliProgram, serverProgram } from "./program.ts";
export type { Load, Loaded, Probed } from "./soak/probed.ts";
export { type SoakPrograms, soakPrograms } from "./soak/programs.ts";
export { writeSection } from "./section.ts";
