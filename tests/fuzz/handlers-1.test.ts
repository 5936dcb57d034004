import { fuzzHandlers } from "./fuzz-handlers.ts";

fuzzHandlers({ name: "SQLite, 1 of 2", number: 1, share: 0.45 });
