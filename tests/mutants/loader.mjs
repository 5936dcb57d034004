import { chosenMutant, isOf, mutate } from "./mutate.mjs";

const mutant = chosenMutant();

export async function load(url, context, next) {
  const loaded = await next(url, context);
  if (mutant === undefined || !url.startsWith("file:") || !isOf(mutant, url)) return loaded;
  return { ...loaded, source: mutate(mutant, String(loaded.source)) };
}
