export { CHAIN_STEPS } from "./crash/chain.ts";
export { type Bill, NOTES, ORDER_LIMITS, type Order, orderOf, placeOrder, settleOrders } from "./crash/orders.ts";
export { Ledger, type LedgerEntry, type LedgerLine } from "./ledger.ts";
export { type PgBouncer, createPgBouncer } from "./pgbouncer.ts";
export { type PostgresCluster, createPostgres } from "./postgres.ts";
export { freePort } from "./ports.ts";
export { Program, type ProgramOptions, cliProgram, serverProgram } from "./program.ts";
