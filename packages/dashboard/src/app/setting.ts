import { useSyncExternalStore } from "react";

/** One of a few values, that the whole page follows. */
export interface Setting<Value extends string> {
  readonly values: readonly Value[];
  readonly read: () => Value;
  readonly set: (value: Value) => void;
  readonly use: () => Value;
}

export interface SettingOptions<Value extends string> {
  /** The first is the default. */
  readonly values: readonly [Value, ...Value[]];
  readonly recalled: string | undefined;
  readonly onChange: (value: Value) => void;
}

export function createSetting<Value extends string>(options: SettingOptions<Value>): Setting<Value> {
  const { onChange, recalled, values } = options;
  const listeners = new Set<() => void>();
  let current = values.find((value) => value === recalled) ?? values[0];
  const read = () => current;
  const subscribe = (listener: () => void) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  };
  return {
    values,
    read,
    set(value) {
      current = value;
      onChange(value);
      for (const listener of listeners) listener();
    },
    use: () => useSyncExternalStore(subscribe, read),
  };
}
