// Writes the page of the command line from the commands themselves; a test holds the page against them.
import { writeFile } from "node:fs/promises";
import { format, resolveConfig } from "prettier";
import { createProgram } from "../packages/cli/dist/program.js";
import { reference } from "../packages/cli/dist/reference.js";

const PAGE = new URL("../docs/reference/cli.md", import.meta.url);
const sink = { write: () => {} };
const kagzi = createProgram({ env: {}, stdout: sink, stderr: sink });
await writeFile(PAGE, await format(reference(kagzi), { ...(await resolveConfig(PAGE)), parser: "markdown" }));
