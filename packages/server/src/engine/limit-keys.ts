import { type LimitKeys, type Payload, type WorkflowLimits, limitKeysOf } from "@kagzi/core";

/**
 * A run's values of the fields that its workflow's limits name. Those that the starter gave go first: it knows them where
 * the input is encrypted. This is the one place where a payload is read.
 */
export function keysOfInput(
  limits: WorkflowLimits,
  input: Payload | undefined,
  given: Readonly<Record<string, string>> = {},
): LimitKeys {
  let read: { readonly value: unknown } | undefined;
  return limitKeysOf(limits, (field) => {
    if (Object.hasOwn(given, field)) return given[field];
    read ??= { value: readJson(input) };
    return fieldOf(read.value, field);
  });
}

function readJson(payload: Payload | undefined): unknown {
  if (payload?.metadata["content-type"] !== "application/json") return undefined;
  try {
    return JSON.parse(Buffer.from(payload.data).toString()) as unknown;
  } catch {
    // Not what it says that it is, which is for its readers to find out.
    return undefined;
  }
}

function fieldOf(value: unknown, path: string): string | undefined {
  let found = value;
  for (const name of path.split(".")) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, name)) return undefined;
    found = Reflect.get(found, name) as unknown;
  }
  if (found === null) return undefined;
  return typeof found === "string" ? found : JSON.stringify(found);
}
