import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";

/** A time that may be absent, as a field of an object. */
export function givenDate<Key extends string>(key: Key, at: Timestamp | undefined): { [K in Key]?: Date } {
  return at === undefined ? {} : ({ [key]: timestampDate(at) } as { [K in Key]: Date });
}
