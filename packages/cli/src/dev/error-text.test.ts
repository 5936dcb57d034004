import { KagziError } from "@kagzi/core";
import { describe, expect, it } from "vitest";
import { errorText } from "./error-text.ts";

/** An error with this stack, and more. */
function thrown(error: Error, stack: string, more: object = {}): Error {
  return Object.assign(error, { stack, ...more });
}

describe("errorText", () => {
  it("says what the compiler and Kagzi say, and no more", () => {
    const compiled = "w.ts:1:11: Expression expected\n\n    const a = ;\n              ^";
    expect(errorText(new SyntaxError(compiled))).toBe(compiled);
    expect(errorText(new KagziError("NOT_FOUND", "no workflows"))).toBe("no workflows");
  });

  it("leaves out places of Node and of the command line", () => {
    const stack = [
      "Error: no",
      "    at pay (/app/workflows/pay.ts:3:9)",
      "    at ModuleJob.run (node:internal/modules/esm/module_job:343:25)",
      "    at async load (file:///app/node_modules/@kagzi/cli/dist/dev/load-workflows.js:1:1)",
      "    at async Command.parseAsync (/app/node_modules/commander/lib/command.js:1122:5)",
    ];
    expect(errorText(thrown(new Error("no"), stack.join("\n")))).toBe(stack.slice(0, 2).join("\n"));
  });

  it.each([
    [
      "a missing SDK",
      new Error("Cannot find package 'kagzi' imported from a.ts"),
      "ERR_MODULE_NOT_FOUND",
      "npm i kagzi",
    ],
    [
      "JSX",
      new Error('Unknown file extension ".tsx" for a.tsx'),
      "ERR_UNKNOWN_FILE_EXTENSION",
      "build such files first",
    ],
    ["syntax that Node does not know", new SyntaxError("Unexpected identifier 'x'"), "", "`using` needs Node 24"],
  ])("says what to do about %s", (_, error, code, hint) => {
    expect(errorText(thrown(error, `${error.name}: ${error.message}`, { code }))).toContain(hint);
  });

  it("shows what is no error", () => {
    expect(errorText({ odd: true })).toBe("{ odd: true }");
  });
});
