import { type LimitKeys, type NamespaceId, type Standing, type Store, effectiveLimits } from "@kagzi/core";

/**
 * Where ready runs of a key stand with the limits of their workflow; `undefined` if it has none. Without a throttle key they
 * are not throttled. At most `named` holders of places are named.
 */
export async function standingOf(
  { limits: store }: Pick<Store, "limits">,
  who: { readonly namespaceId: NamespaceId; readonly workflowType: string } & LimitKeys,
  named: number,
): Promise<Standing | undefined> {
  const { limitKey, namespaceId, throttleKey, workflowType } = who;
  const [settings] = await store.get(namespaceId, [workflowType]);
  if (settings === undefined) return undefined;
  const limits = effectiveLimits(settings);
  const { throttle } = limits;
  const [all, ofKey, begun] = await Promise.all([
    store.places(namespaceId, workflowType, undefined, named),
    store.places(namespaceId, workflowType, limitKey, named),
    throttle !== undefined && throttleKey !== undefined
      ? store.begun(namespaceId, workflowType, throttleKey, throttle)
      : undefined,
  ]);
  return { limits, all, ofKey, ...(begun !== undefined && { throttle: begun }) };
}
