import { inject } from "vitest";
import { fuzzHandlers } from "./fuzz-handlers.ts";

fuzzHandlers({ name: "PostgreSQL", number: 3, share: 0.04, postgresUrl: () => inject("postgresUrl") });
