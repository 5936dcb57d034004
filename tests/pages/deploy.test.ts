import { readFileSync, readdirSync } from "node:fs";
import { createProgram } from "@kagzi/cli/program";
import type { Command } from "commander";
import { describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";

const ROOT = new URL("../../", import.meta.url);
const KUBERNETES = readdirSync(new URL("deploy/kubernetes/", ROOT)).map((file) => `deploy/kubernetes/${file}`);
const YAML = ["compose.yaml", ...KUBERNETES];
const PAGES = ["deploy", "postgresql", "backup", "upgrade", "sizing"].map((name) => `docs/operate/${name}.md`);
const KAGZI = createProgram({
  ...process,
  env: {},
  cwd: "/",
  home: "/",
  now: Date.now,
  interruption: () => ({ signal: new AbortController().signal, done: () => {} }),
  exit: () => {},
} as unknown as Parameters<typeof createProgram>[0]);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Every object and text of a YAML document, from the outside in. */
function* partsOf(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const part of Object.values(value)) yield* partsOf(part);
}

function documentsOf(path: string): readonly unknown[] {
  return parseAllDocuments(read(path)).map((document) => {
    expect(document.errors, path).toEqual([]);
    return document.toJS() as unknown;
  });
}

const SOURCES = ["packages/cli/src", "sdks/typescript/src"]
  .flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
      .map((file) => read(`${folder}/${file}`)),
  )
  .join("\n");

/** Of the words of a command line what the command does not know. */
function unknownWords(words: readonly string[]): readonly string[] {
  let command: Command = KAGZI;
  let at = 0;
  for (; at < words.length; at++) {
    const next = command.commands.find((each) => each.name() === words[at]);
    if (next === undefined) break;
    command = next;
  }
  if (command === KAGZI) return words.slice(0, 1);
  const isLeaf = command.commands.length === 0;
  const flags = words.slice(at).filter((word) => word.startsWith("--"));
  const unknown = flags.filter((flag) => !command.options.some(({ long }) => long === flag.split("=")[0]));
  return isLeaf ? unknown : [...unknown, words[at] ?? `${command.name()} …`];
}

function unknownVariables(text: string): readonly string[] {
  const names = new Set(text.match(/\bKAGZI_[A-Z_]+\b/g));
  return [...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(SOURCES));
}

describe("the files to deploy with", () => {
  it.each(YAML)("%s is YAML, with kinds and names", (path) => {
    const documents = documentsOf(path);
    expect(documents.length).toBeGreaterThan(0);
    if (path === "compose.yaml") return expect(documents[0]).toHaveProperty("services.kagzi");
    for (const document of documents) {
      expect(document).toMatchObject({
        apiVersion: expect.any(String) as string,
        kind: expect.any(String) as string,
        metadata: { name: expect.stringMatching(/^[a-z][a-z0-9-]*$/) as string },
      });
    }
  });

  it.each(YAML)("%s gives the command line words that it knows", (path) => {
    for (const document of documentsOf(path)) {
      for (const { args } of partsOf(document))
        if (Array.isArray(args)) expect(unknownWords(args as string[])).toEqual([]);
    }
  });

  it.each([...YAML, "Dockerfile", ...PAGES])("%s names variables that something reads", (path) => {
    expect(unknownVariables(read(path))).toEqual([]);
  });

  it("agree about ports, probes and who is selected", () => {
    const [deployment, budget, service] = documentsOf("deploy/kubernetes/server.yaml") as [object, object, object];
    const parts = [...partsOf(deployment)];
    const probes = parts.flatMap(({ httpGet }) =>
      httpGet === undefined ? [] : [httpGet as { path: string; port: string }],
    );
    expect(probes.map(({ path }) => path).toSorted()).toEqual(["/healthz", "/healthz", "/readyz"]);
    const served = read("packages/server/src/server.ts");
    for (const { path, port } of probes) expect([served.includes(`"${path}"`), port]).toEqual([true, "kagzi"]);
    expect(parts.flatMap(({ containerPort }) => containerPort ?? [])).toEqual([50051]);
    const labels = { app: "kagzi-server" };
    expect(deployment).toMatchObject({
      spec: { replicas: 2, selector: { matchLabels: labels }, template: { metadata: { labels } } },
    });
    expect(budget).toMatchObject({
      kind: "PodDisruptionBudget",
      spec: { minAvailable: 1, selector: { matchLabels: labels } },
    });
    expect(service).toMatchObject({
      kind: "Service",
      spec: { selector: labels, ports: [{ port: 50051, targetPort: "kagzi" }] },
    });
    expect(read("Dockerfile")).toMatch(/EXPOSE 50051\n/);
  });

  it("name secrets that the example has", () => {
    const [secret] = documentsOf("deploy/kubernetes/secret.example.yaml");
    expect(secret).toMatchObject({
      metadata: { name: "kagzi-database" },
      stringData: { url: expect.any(String) as string },
    });
    const asked = ["server", "migrate"].flatMap((name) =>
      documentsOf(`deploy/kubernetes/${name}.yaml`).flatMap((document) =>
        [...partsOf(document)].flatMap(({ secretKeyRef }) => (secretKeyRef === undefined ? [] : [secretKeyRef])),
      ),
    );
    expect(asked).toEqual([1, 2].map(() => ({ name: "kagzi-database", key: "url" })));
  });

  it("are not root, and end by a signal that the server heeds", () => {
    const dockerfile = read("Dockerfile");
    expect(dockerfile.lastIndexOf("USER node")).toBeLessThan(dockerfile.lastIndexOf("ENTRYPOINT ["));
    expect(dockerfile.lastIndexOf("USER node")).toBeGreaterThan(dockerfile.lastIndexOf("FROM "));
    expect(dockerfile).toContain("/readyz");
    expect(read("packages/cli/src/serve.ts")).toContain('process.on("SIGTERM"');
    expect(dockerfile).toContain("STOPSIGNAL SIGTERM");
  });

  it.each(PAGES)("%s shows commands that are there", (path) => {
    const shown = read(path).matchAll(/(?:^|`|run )kagzi ((?:[a-z]+ ?)+)((?:--[a-z-]+)?)/gm);
    for (const [, words = "", flag = ""] of shown) {
      const line = [...words.trim().split(" "), ...(flag === "" ? [] : [flag])];
      expect(unknownWords(line.filter((word) => word !== "production")), line.join(" ")).toEqual([]);
    }
  });

  it("would notice what is not there", () => {
    expect(unknownWords(["server", "--retentoin", "1d"])).toEqual(["--retentoin"]);
    expect(unknownWords(["serve"])).toEqual(["serve"]);
    expect(unknownWords(["db", "migrat"])).toEqual(["migrat"]);
    expect(unknownVariables("KAGZI_RETENTOIN and KAGZI_RETENTION")).toEqual(["KAGZI_RETENTOIN"]);
  });
});
