import { prepare, run, runQuietly } from "./prepare.mjs";

// Everything that is tested, from a bare clone with nothing but Node and npm: installs, builds, checks, runs every test on
// a real PostgreSQL and a real SQLite, and the demonstration. Any argument goes to the test runner instead:
// npm test -- --project e2e
process.chdir(new URL("..", import.meta.url).pathname);
prepare();
bringPython();
const args = process.argv.slice(2);
if (args.length > 0) run("npx", ["vitest", "run", ...args]);
else {
  run("npm", ["run", "check", "--silent"]);
  run(process.execPath, ["examples/orders/dist/demo.js"]);
  run("npm", ["run", "chaos", "--silent", "--", "--minutes", "3"]);
  run("npm", ["run", "chaos", "--silent", "--", "--store", "sqlite", "--minutes", "1"]);
}

/** The worker in another language is in Python where gRPC for it is there or can be had; else a stock client from npm does its work. */
function bringPython() {
  const isThere = runQuietly("/usr/bin/python3", ["-c", "import grpc, google.protobuf"]);
  if (isThere || process.getuid?.() !== 0 || !runQuietly("apt-get", ["--version"])) return;
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const install = () =>
    runQuietly(
      "apt-get",
      ["install", "-y", "-qq", "--no-install-recommends", "python3-grpcio", "python3-protobuf"],
      env,
    );
  if (!install()) {
    runQuietly("apt-get", ["update", "-qq"], env);
    install();
  }
}
