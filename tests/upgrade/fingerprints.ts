import { createHash } from "node:crypto";
import { readFileSync, readdirSync } from "node:fs";

/** Where it is kept what migrations were when their fixtures were made. */
export const FINGERPRINTS = new URL("schemas/migrations.json", import.meta.url);

/** Of every migration: the SHA-256 of its text. */
export function fingerprints(): Readonly<Record<string, string>> {
  const all = ["store-postgres", "store-sqlite"].flatMap((store) => {
    const folder = new URL(`../../packages/${store}/migrations/`, import.meta.url);
    return readdirSync(folder)
      .toSorted()
      .map((file) => [`${store}/${file}`, sha256(readFileSync(new URL(file, folder)))] as const);
  });
  return Object.fromEntries(all);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
