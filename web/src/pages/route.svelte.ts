/** Where one is on a page: its address, changed without loading the page anew. */
export class Route {
  path = $state(location.pathname);

  constructor(readonly root: string) {}

  /** What follows the root, part by part. */
  get parts(): string[] {
    return this.path.slice(this.root.length).split("/").filter(Boolean).map(decodeURIComponent);
  }

  go(path: string): void {
    if (path === this.path) return;
    history.pushState(null, "", path);
    this.path = path;
  }

  /** The browser went back or on. */
  moved(): void {
    this.path = location.pathname;
  }

  /** A click on a link of this page stays on it, unless another tab is wanted. */
  clicked(event: MouseEvent): void {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target instanceof Element ? event.target.closest("a") : null;
    if (!link || link.target || link.origin !== location.origin) return;
    if (link.pathname !== this.root && !link.pathname.startsWith(`${this.root}/`)) return;
    event.preventDefault();
    this.go(link.pathname);
  }
}

/** An address of parts that may hold anything. */
export function to(root: string, ...parts: string[]): string {
  return [root, ...parts.map(encodeURIComponent)].join("/");
}
