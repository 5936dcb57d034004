import { serveSeeds } from "./many.ts";

serveSeeds();
