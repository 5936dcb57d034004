import { expect, it } from "vitest";
import { arrayLiteral } from "./array-literal.ts";

it("writes numbers, booleans and absent values bare", () => {
  expect(arrayLiteral([1, -2.5, true, false, null])).toBe("{1,-2.5,true,false,NULL}");
  expect(arrayLiteral([])).toBe("{}");
});

it("quotes text, whatever is in it", () => {
  expect(arrayLiteral(["a", "", "NULL", "a,b", "{c}", " d "])).toBe('{"a","","NULL","a,b","{c}"," d "}');
  expect(arrayLiteral(['say "hi"', "back\\slash", '\\"'])).toBe('{"say \\"hi\\"","back\\\\slash","\\\\\\""}');
});
