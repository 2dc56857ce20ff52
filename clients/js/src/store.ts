/**
 * Where events wait when the page goes before they could be told. Each client writes an entry
 * of its own and takes over those that others left: the same event told by two of them counts
 * once, so nobody has to know whether the other still lives.
 */
export interface Store {
  keys(): string[];
  get(key: string): string | null;
  set(key: string, text: string): void;
  remove(key: string): void;
}

/** The browser's `localStorage`. */
export class LocalStore implements Store {
  constructor(private readonly storage: Storage) {}

  keys(): string[] {
    return Array.from({ length: this.storage.length }, (_, i) => this.storage.key(i) ?? "");
  }

  get(key: string): string | null {
    return this.storage.getItem(key);
  }

  set(key: string, text: string): void {
    this.storage.setItem(key, text);
  }

  remove(key: string): void {
    this.storage.removeItem(key);
  }
}

/** Gone with the page: where there is no `localStorage`, or it is closed to us. */
export class MemoryStore implements Store {
  private readonly entries = new Map<string, string>();

  keys(): string[] {
    return [...this.entries.keys()];
  }

  get(key: string): string | null {
    return this.entries.get(key) ?? null;
  }

  set(key: string, text: string): void {
    this.entries.set(key, text);
  }

  remove(key: string): void {
    this.entries.delete(key);
  }
}

export function defaultStore(): Store {
  try {
    const storage = globalThis.localStorage;
    storage.setItem("freshet:probe", "1"); // throws in private windows and full storages
    storage.removeItem("freshet:probe");
    return new LocalStore(storage);
  } catch {
    return new MemoryStore();
  }
}
