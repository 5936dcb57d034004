import { spawn } from "node:child_process";

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>>> = {
  darwin: ["open"],
  win32: ["cmd", "/c", "start", ""],
};

/** Shows an address in the browser. Where there is none nothing happens: the address is written anyway. */
export function openBrowser(url: string): void {
  const [program, ...words] = OPENERS[process.platform] ?? ["xdg-open"];
  spawn(program, [...words, url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
