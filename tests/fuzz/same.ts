/**
 * The way to the first place where two values differ, `undefined` if they are the same to whoever looks at them: the same
 * kinds, the same keys in the same order, `-0` and `NaN` told apart from all else. The prototype of a plain object may differ.
 */
export function difference(a: unknown, b: unknown, path = "value"): string | undefined {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path;
  if (kindOf(a) !== kindOf(b)) return `${path} (${kindOf(a)}, ${kindOf(b)})`;
  if (a instanceof Date && b instanceof Date) return Object.is(a.getTime(), b.getTime()) ? undefined : path;
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0 ? undefined : path;
  return listDifference(partsOf(a), partsOf(b), path);
}

function listDifference(a: readonly unknown[], b: readonly unknown[], path: string): string | undefined {
  if (a.length !== b.length) return `${path} (${a.length} parts, ${b.length} parts)`;
  for (const [index, each] of a.entries()) {
    const found = difference(each, b[index], `${path}/${index}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** What a value is made of, keys before values. */
function partsOf(value: object): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Map) return Array.from(value).flat(1);
  if (value instanceof Set) return Array.from(value);
  if (value instanceof Error) {
    const { cause, message, name, stack } = value;
    return [name, message, stack, cause, value instanceof AggregateError ? (value.errors as unknown[]) : undefined];
  }
  return Object.keys(value).flatMap((key) => [key, Reflect.get(value, key)]);
}

function kindOf(value: object): string {
  if (value instanceof AggregateError) return "AggregateError";
  if (value instanceof Error) return "Error";
  return Object.prototype.toString.call(value).slice("[object ".length, -1);
}
