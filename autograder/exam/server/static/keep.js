// Storage that outlives the page: localStorage, unless it is blocked or full.

export function open(prefix) {
  let durable = attempt(() => {
    localStorage.setItem(`${prefix}?`, "1");
    localStorage.removeItem(`${prefix}?`);
    return true;
  }, false);
  return {
    // Whether the last value set outlives the page.
    durable: () => durable,
    get: (name) => attempt(() => JSON.parse(localStorage.getItem(prefix + name)), null),
    set(name, value) {
      durable = attempt(() => {
        localStorage.setItem(prefix + name, JSON.stringify(value));
        return true;
      }, false);
    },
    remove: (name) => attempt(() => localStorage.removeItem(prefix + name), null),
    names: () =>
      attempt(() => Object.keys(localStorage), [])
        .filter((key) => key.startsWith(prefix))
        .map((key) => key.slice(prefix.length)),
  };
}

function attempt(use, otherwise) {
  try {
    return use();
  } catch {
    return otherwise;
  }
}
