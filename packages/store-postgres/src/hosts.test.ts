import { describe, expect, it } from "vitest";
import { Hosts } from "./hosts.ts";

const TWO = "postgres://user:a%40b@one:5432,two:5433/kagzi?sslmode=require";

describe("the hosts of an address", () => {
  it("are taken in turn, each with the rest of the address", () => {
    const hosts = new Hosts(TWO);
    expect(hosts.count).toBe(2);
    const seen = [hosts.current];
    hosts.failed(hosts.current);
    seen.push(hosts.current);
    hosts.failed(hosts.current);
    expect(seen).toEqual([
      "postgres://user:a%40b@one:5432/kagzi?sslmode=require",
      "postgres://user:a%40b@two:5433/kagzi?sslmode=require",
    ]);
    expect(hosts.current).toBe(seen[0]);
  });

  it("are left once, however many found out that one cannot serve", () => {
    const hosts = new Hosts(TWO);
    const first = hosts.current;
    hosts.failed(first);
    hosts.failed(first);
    expect(hosts.current).toContain("two:5433");
  });

  it.each(["postgres://user@one/kagzi", "postgresql://[::1]:5432/kagzi", "postgres:///kagzi?host=/tmp"])(
    "are one in %s, which stays as it is",
    (url) => {
      const hosts = new Hosts(url);
      hosts.failed(url);
      expect([hosts.count, hosts.current]).toEqual([1, url]);
    },
  );

  it("may have addresses of IPv6, and a password with an @", () => {
    const hosts = new Hosts("postgres://u:p@x@[::1]:1,[::2]:2/db");
    expect(hosts.current).toBe("postgres://u:p@x@[::1]:1/db");
  });

  it("have names", () => {
    expect(() => new Hosts("postgres://user@one,/kagzi")).toThrow('"one," is no list of hosts');
  });
});
