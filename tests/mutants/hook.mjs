import { register } from "node:module";

// For processes of Node: node --import <this file>, with the name of a mutant in KAGZI_MUTANT.
register("./loader.mjs", import.meta.url);
