import { prepare, run } from "./prepare.mjs";

// The demonstration, from a bare clone: installs, builds, and runs examples/orders.
process.chdir(new URL("..", import.meta.url).pathname);
prepare();
run(process.execPath, ["examples/orders/dist/demo.js"]);
