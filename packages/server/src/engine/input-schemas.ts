import { KagziError, LIMITS, type OfferedWorkflow, type Worker } from "@kagzi/core";

/** A schema that a worker tells. @throws KagziError `INVALID_ARGUMENT` if it is no JSON object, or too long */
export function checkInputSchema({ inputSchema, workflowType }: OfferedWorkflow): void {
  if (inputSchema === undefined) return;
  const what = `the input schema of workflow ${JSON.stringify(workflowType)}`;
  if (inputSchema.length > LIMITS.inputSchemaChars) {
    throw new KagziError(
      "INVALID_ARGUMENT",
      `${what} has ${inputSchema.length} characters, at most ${LIMITS.inputSchemaChars} are taken: leave it out`,
      { subject: "workflow", subjectId: workflowType },
    );
  }
  if (isJsonObject(inputSchema)) return;
  throw new KagziError("INVALID_ARGUMENT", `${what} is no JSON object: give a JSON Schema, or leave it out`, {
    subject: "workflow",
    subjectId: workflowType,
  });
}

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

/** By version, what the first of these workers that tells a schema says of a workflow. */
export function schemasIn(workers: readonly Worker[], workflowType: string): Readonly<Record<string, string>> {
  const schemas = new Map<string, string>();
  for (const { inputSchema, version, workflowType: each } of workers.flatMap((worker) => worker.workflows)) {
    if (each === workflowType && inputSchema !== undefined && !schemas.has(version)) schemas.set(version, inputSchema);
  }
  return Object.fromEntries(schemas);
}
