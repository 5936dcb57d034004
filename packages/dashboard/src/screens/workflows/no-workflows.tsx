import type { ReactNode } from "react";
import { Empty } from "../../components/empty.tsx";

const EXAMPLE = `import { Worker, workflow } from "kagzi";

const hello = workflow("hello", async (ctx, input: { name: string }) =>
  ctx.step("greet", () => \`Hello \${input.name}\`),
);
await new Worker({ workflows: [hello] }).start();`;

/** What a workflow is, and how one gets here. */
export function NoWorkflows(): ReactNode {
  return (
    <Empty title="No workflow yet">
      <p>A workflow is known from when a worker that has it is online. Start one, and it shows up by itself:</p>
      <pre className="code">{EXAMPLE}</pre>
    </Empty>
  );
}
