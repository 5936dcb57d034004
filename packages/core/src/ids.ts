declare const brand: unique symbol;

/** A string that names one kind of thing: several of them travel side by side and must not be mixed up. */
type Id<Kind extends string> = string & { readonly [brand]: Kind };

/** A run: a UUIDv7, so that runs sort by the time they were started. */
export type RunId = Id<"run">;
/** A registered worker: a UUIDv7. */
export type WorkerId = Id<"worker">;
/** A namespace, by the name its users gave it. */
export type NamespaceId = Id<"namespace">;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` is a UUID in its canonical form: lower case, with dashes. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** Makes time-ordered ids; each is greater than the one before, even within a millisecond or when the clock steps back. */
export type UuidSource = () => string;

/**
 * A source of UUIDv7 (RFC 9562, section 5.7): 48 bits of milliseconds, a 12-bit counter that orders the ids of one
 * millisecond (method 1 of section 6.2), and 62 random bits.
 */
export function uuidv7Source(env: {
  readonly now: () => number;
  readonly randomBytes: (count: number) => Uint8Array;
}): UuidSource {
  let lastMs = 0;
  let counter = 0;
  return () => {
    const nowMs = env.now();
    const random = toHex(env.randomBytes(10));
    if (nowMs > lastMs) {
      lastMs = nowMs;
      // Half of the counter's range is left to count up in, so that a busy millisecond does not run into the next.
      counter = Number.parseInt(random.slice(16), 16) & 0x7ff;
    } else if (++counter > 0xfff) {
      lastMs += 1;
      counter = 0;
    }
    return format(lastMs, counter, random);
  };
}

function format(ms: number, counter: number, random: string): string {
  const time = ms.toString(16).padStart(12, "0");
  const versioned = (0x7000 | counter).toString(16);
  const variant = (0x80 | (Number.parseInt(random.slice(0, 2), 16) & 0x3f)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-${versioned}-${variant}${random.slice(2, 4)}-${random.slice(4, 16)}`;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
