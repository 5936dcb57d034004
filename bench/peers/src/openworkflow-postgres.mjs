import { BackendPostgres } from "openworkflow/postgres";
import { serve } from "../../dist/programs/program.js";
import { programOf } from "./openworkflow.mjs";
import { hasNone, openPool } from "./common.mjs";

const POOL = 30;

let pool;

const program = programOf({
  settings: `pools of ${POOL}`,
  open: async ({ url }) => {
    const backend = await BackendPostgres.connect(`${url}?max=${POOL}`);
    pool = openPool(url);
    return backend;
  },
  isSettled: () =>
    hasNone(
      pool,
      "SELECT 1 FROM openworkflow.workflow_runs WHERE status IN ('pending', 'running', 'sleeping') LIMIT 1",
    ),
});

serve(program);
