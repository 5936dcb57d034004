/** The bounds of what is accepted. Each is checked at the edge, so that nothing accepted can fail to be stored. */
export const LIMITS = {
  /** Of one payload, in bytes with its metadata: 1 MiB. */
  payloadBytes: 1024 * 1024,
  /** Of names and external ids, in bytes of UTF-8. */
  nameBytes: 255,
  /** Of the text, the name and each metadata value of an error, in characters; what is longer is cut. */
  errorTextChars: 16_384,
  /** Of an error's stack, in characters; what is longer is cut. */
  stackChars: 32_768,
  /** How many causes an error keeps, one inside the other. */
  causes: 8,
  /** How long a cancelled run may clean up, in milliseconds: an hour. */
  cancelGraceMs: 60 * 60 * 1000,
  /** Of runs in one StartWorkflows. */
  startsPerCall: 1000,
  /** Of workflows that one worker may register. */
  workflowsPerWorker: 1000,
  /** Of named limits that one worker may declare. */
  limitsPerWorker: 1000,
  /** Of the JSON Schema of a workflow's input, in characters. */
  inputSchemaChars: 32 * 1024,
  /** Of events that one workflow may be started by. */
  eventsPerWorkflow: 100,
  /** Of runs that took an event, in a list. */
  takersShown: 100,
  /** Of missed fires of a schedule that are made up for. */
  catchup: 1000,
  /** Of an interval of a schedule, in milliseconds, at least. */
  shortestIntervalMs: 1000,
  /** Of a cron expression, in characters. */
  cronChars: 256,
  /** Of fires in one preview. */
  preview: 100,
  /** Of schedules in the code of one workflow. */
  schedulesPerWorkflow: 100,
  /** Of labels of one worker. */
  labels: 64,
  /** Of runs that one worker may hold at once. */
  maxConcurrent: 100_000,
  /** Either way from 0. */
  priority: 100,
  /** Of one page of a list. */
  pageSize: 1000,
  defaultPageSize: 100,
  /** Totals are counted up to here: counting everything would cost with the size of the table. */
  count: 10_000,
} as const;
