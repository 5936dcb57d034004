/** Something that is to happen at a time. */
export interface Due {
  readonly at: number;
  isOff: boolean;
}

/** What is due, the earliest first, and of the same time the one that was added first: a binary heap. */
export class Agenda<Item extends Due> {
  readonly #heap: { readonly item: Item; readonly order: number }[] = [];
  #added = 0;

  add(item: Item): void {
    const heap = this.#heap;
    const entry = { item, order: this.#added++ };
    let index = heap.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  /** The next one that was not called off. */
  take(): Item | undefined {
    for (;;) {
      const item = this.#takeAny();
      if (item === undefined || !item.isOff) return item;
    }
  }

  #takeAny(): Item | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first?.item;
    let index = 0;
    for (;;) {
      const left = heap[2 * index + 1];
      const right = heap[2 * index + 2];
      const isRight = left !== undefined && right !== undefined && isBefore(right, left);
      const child = isRight ? right : left;
      if (child === undefined || !isBefore(child, last)) break;
      heap[index] = child;
      index = 2 * index + (isRight ? 2 : 1);
    }
    heap[index] = last;
    return first.item;
  }
}

interface Entry {
  readonly item: Due;
  readonly order: number;
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.item.at < other.item.at || (one.item.at === other.item.at && one.order < other.order);
}
