/** Addresses: the app moves between its pages without reloading. */

export class Router {
  /** `onRoute(path)` is called for Back and Forward, and by `show`. */
  constructor(onRoute) {
    this.onRoute = onRoute;
    window.addEventListener('popstate', () => onRoute(location.pathname));
  }

  /** Keeps a /u/N/ prefix. */
  #address(path) {
    return `${location.pathname.match(/^\/u\/\d+/)?.[0] ?? ''}${path}`;
  }

  push(path) {
    const address = this.#address(path);
    if (location.pathname + location.search !== address) history.pushState(null, '', address);
  }

  replace(path) {
    history.replaceState(null, '', this.#address(path));
  }

  show(path) {
    this.push(path);
    this.onRoute(location.pathname);
  }
}

/** The id of a saved chat's address, or null. */
export function promptIdOf(path) {
  const id = path.match(/^(?:\/u\/\d+)?(?:\/app)?\/prompts\/([^/]+)$/)?.[1] ?? null;
  return id === 'new_chat' ? null : id;
}
