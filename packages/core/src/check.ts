import { KagziError, quoteId } from "./error.ts";
import { type NamespaceId, type RunId, type WorkerId, isUuid } from "./ids.ts";
import { LIMITS } from "./limits.ts";
import { type Payload, payloadBytes } from "./payload.ts";
import { LONGEST_RETRY_MS, type RetryPolicy } from "./retry-policy.ts";
import { LONGEST_WAIT_MS } from "./time.ts";

/**
 * A name or an id that its users chose: 1 to 255 bytes of UTF-8 without control characters.
 * @throws KagziError `INVALID_ARGUMENT`
 */
export function checkName(subject: string, text: string): string {
  if (text === "") throw invalid(subject, `is missing: give it 1 to ${LIMITS.nameBytes} bytes`);
  const bytes = utf8Bytes(text);
  if (bytes === undefined) throw invalid(subject, "holds half of a surrogate pair, which is no text");
  if (bytes > LIMITS.nameBytes) throw invalid(subject, `has ${bytes} bytes, at most ${LIMITS.nameBytes} are taken`);
  if (hasControlCharacter(text)) throw invalid(subject, `${quoteId(text)} holds a control character`);
  return text;
}

/** As {@link checkName}, or empty. */
export function checkOptionalName(subject: string, text: string): string {
  return text === "" ? text : checkName(subject, text);
}

/** As {@link checkName}; and it may not end in `#` and digits, which is how a repeated step is numbered. */
export function checkStepName(text: string): string {
  checkName("the name of a step", text);
  if (/#\d+$/u.test(text)) {
    throw invalid("the name of a step", `${quoteId(text)} ends like the number of a repeated step; leave the # out`);
  }
  return text;
}

/** The name of a namespace; empty means `default`. */
export function checkNamespaceId(text: string): NamespaceId {
  if (text === "") return "default" as NamespaceId;
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(text)) {
    throw invalid(
      "a namespace",
      `cannot be called ${quoteId(text)}: take 1 to 64 of a-z, 0-9, "-", "_" and ".", a letter or a digit first`,
    );
  }
  return text as NamespaceId;
}

/** The id of a run: a UUID in lower case. */
export function checkRunId(text: string): RunId {
  return checkUuid("run_id", text) as RunId;
}

/** The id of a worker: a UUID in lower case. */
export function checkWorkerId(text: string): WorkerId {
  return checkUuid("worker_id", text) as WorkerId;
}

/** At most {@link LIMITS}.payloadBytes. @throws KagziError `PAYLOAD_TOO_LARGE`, naming what it belongs to and its size */
export function checkPayload(owner: string, payload: Payload | undefined): Payload | undefined {
  if (payload === undefined) return undefined;
  const bytes = payloadBytes(payload);
  if (bytes > LIMITS.payloadBytes) {
    throw new KagziError(
      "PAYLOAD_TOO_LARGE",
      `${owner} has ${bytes} bytes, at most ${LIMITS.payloadBytes} are taken: keep large data elsewhere and pass a reference`,
      { metadata: { bytes: String(bytes), limit: String(LIMITS.payloadBytes) } },
    );
  }
  for (const [key, value] of Object.entries(payload.metadata)) {
    if (!isPlainText(key) || !isPlainText(value)) throw invalid(owner, "has metadata that is no text");
  }
  return payload;
}

/** A whole number within [min, max]. */
export function checkInteger(subject: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw invalid(subject, `is ${value}, which is not a whole number from ${min} to ${max}`);
  }
  return value;
}

/** A wait in milliseconds: 0 to 100 years. */
export function checkWaitMs(subject: string, ms: number): number {
  return checkInteger(subject, ms, 0, LONGEST_WAIT_MS);
}

/** A policy whose numbers make sense. */
export function checkRetryPolicy(policy: RetryPolicy): RetryPolicy {
  checkInteger("maximum_attempts of the retry policy", policy.maximumAttempts, 0, 2 ** 31 - 1);
  checkInteger("initial_interval_ms of the retry policy", policy.initialIntervalMs, 0, LONGEST_RETRY_MS);
  checkInteger("maximum_interval_ms of the retry policy", policy.maximumIntervalMs, 0, LONGEST_RETRY_MS);
  checkInteger("interval_increment_ms of the retry policy", policy.intervalIncrementMs, 0, LONGEST_RETRY_MS);
  if (!(policy.backoffCoefficient >= 1 && policy.backoffCoefficient <= 1000)) {
    throw invalid("backoff_coefficient of the retry policy", `is ${policy.backoffCoefficient}, not 1 to 1000`);
  }
  for (const name of policy.nonRetryableErrors) checkName("an entry of non_retryable_errors", name);
  return policy;
}

/** Text for people, which any store can hold as it is. */
export function checkText(subject: string, text: string): string {
  if (text === storableText(text, LIMITS.errorTextChars)) return text;
  throw invalid(subject, `may have ${LIMITS.errorTextChars} characters, without NUL and halves of surrogate pairs`);
}

/** Text that any store can hold: NUL and halves of surrogate pairs are replaced, and what is over `maxChars` is cut. */
export function storableText(text: string, maxChars: number): string {
  const short = text.length > maxChars ? `${text.slice(0, maxChars - 1)}…` : text;
  return short.replaceAll("\0", "\uFFFD").replaceAll(HALF_SURROGATE, "\uFFFD");
}

const HALF_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g;

function isPlainText(text: string): boolean {
  return utf8Bytes(text) !== undefined && !text.includes("\0");
}

function checkUuid(subject: string, text: string): string {
  if (!isUuid(text)) throw invalid(subject, `${quoteId(text)} is not a UUID in lower case`);
  return text;
}

function invalid(subject: string, problem: string): KagziError {
  return new KagziError("INVALID_ARGUMENT", `${subject} ${problem}`);
}

function hasControlCharacter(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

/** The length of `text` in UTF-8; `undefined` if it holds half of a surrogate pair. */
function utf8Bytes(text: string): number | undefined {
  let bytes = 0;
  for (const character of text) {
    const point = Number(character.codePointAt(0));
    if (point >= 0xd800 && point <= 0xdfff) return undefined;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}
