import type { Loss } from "@kagzi/store-conformance/model";
import { Client } from "pg";

type Query = (this: Client, ...args: unknown[]) => unknown;

/**
 * Loses connections of this process to PostgreSQL on purpose: with the next COMMIT before it is sent, or after it was answered; or with
 * one of the next statements, once it is on its way.
 */
export function losesConnections(): {
  readonly lose: (when: Loss, call: () => Promise<unknown>) => Promise<unknown>;
  readonly restore: () => void;
} {
  const { value: query } = Object.getOwnPropertyDescriptor(Client.prototype, "query") as { readonly value: Query };
  let armed: Loss | undefined;
  let statements = 0;
  Client.prototype.query = function (this: Client, ...args: unknown[]) {
    const isCommit = args[0] === "COMMIT";
    statements += 1;
    if (armed === undefined || (armed === "sometime" ? statements % 3 > 0 : !isCommit)) {
      return Reflect.apply(query, this, args) as never;
    }
    const when = armed;
    armed = undefined;
    if (when === "before") cut(this);
    const answer = Reflect.apply(query, this, args) as Promise<unknown>;
    if (when === "sometime") cut(this);
    if (when !== "after") return answer as never;
    const lost = answer.then(() => {
      cut(this);
      throw new Error("the connection was lost after the commit");
    });
    return lost as never;
  };
  return {
    lose: async (when, call) => {
      armed = when;
      try {
        return await call();
      } finally {
        armed = undefined;
      }
    },
    restore: () => {
      Client.prototype.query = query as typeof Client.prototype.query;
    },
  };
}

function cut(client: Client): void {
  (client as unknown as { readonly connection: { readonly stream: { destroy(): void } } }).connection.stream.destroy();
}
