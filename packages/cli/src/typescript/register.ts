import { register } from "node:module";
import { MessageChannel } from "node:worker_threads";

/**
 * Lets this process import TypeScript as it stands, on every Node. What is imported from now on is told to `onLoad` by its
 * path, in order; files of packages are not.
 */
export function registerTypeScript(onLoad?: (path: string) => void): void {
  process.setSourceMapsEnabled(true);
  const hooks = new URL("hooks.js", import.meta.url);
  if (onLoad === undefined) return register(hooks);
  const { port1, port2 } = new MessageChannel();
  port1.on("message", onLoad);
  port1.unref();
  register(hooks, { data: { loaded: port2 }, transferList: [port2] });
}
