import { join } from "node:path";
import { BackendSqlite } from "openworkflow/sqlite";
import { serve } from "../../dist/programs/program.js";
import { programOf } from "./openworkflow.mjs";

const program = programOf({
  settings: "one process, WAL and synchronous=FULL as the backend has it",
  open: async ({ folder }) => BackendSqlite.connect(join(folder, "openworkflow.db")),
  async isSettled(backend) {
    const { pending, running } = await backend.countWorkflowRuns();
    return pending + running === 0;
  },
});

serve(program);
