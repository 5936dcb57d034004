export { CHAIN_STEPS } from "./crash/chain.ts";
export { type Bill, NOTES, ORDER_LIMITS, type Order, orderOf, placeOrder, settleOrders } from "./crash/orders.ts";
export { LedgerClient } from "./ledger-client.ts";
export { Ledger, type LedgerEntry, type LedgerLine, type Logged } from "./ledger.ts";
export { type PostgresCluster, type PostgresPair, createPostgres, createPostgresPair } from "./postgres.ts";
export { freePort } from "./ports.ts";
export { Program, type ProgramOptions, cliProgram, serverProgram } from "./program.ts";
