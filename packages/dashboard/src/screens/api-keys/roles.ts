import { ApiKeyRole } from "@kagzi/proto";

/** What keys may be for, with what each may do. */
export const ROLES: readonly (readonly [role: ApiKeyRole, may: string])[] = [
  [ApiKeyRole.READ_ONLY, "look"],
  [ApiKeyRole.CLIENT, "look, start runs, do something to runs, events and schedules"],
  [ApiKeyRole.WORKER, "look, execute runs, start further ones"],
  [ApiKeyRole.ADMIN, "everything"],
];

/** `read-only`, as the command line says it. */
export function roleName(role: ApiKeyRole): string {
  return (ApiKeyRole[role] ?? "").toLowerCase().replace("_", "-");
}
