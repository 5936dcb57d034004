import { fuzzHandlers } from "./fuzz-handlers.ts";

fuzzHandlers({ name: "SQLite, 2 of 2", number: 2, share: 0.45 });
