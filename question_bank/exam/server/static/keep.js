// What this browser keeps: localStorage, or memory where that is forbidden or full.

export function open(prefix) {
  const memory = new Map();
  let durable = true;
  try {
    localStorage.setItem(`${prefix}?`, "1");
    localStorage.removeItem(`${prefix}?`);
  } catch {
    durable = false;
  }
  return {
    // Whether what was set last outlives the page.
    durable: () => durable,
    get(name) {
      let text = memory.get(name);
      try {
        text = localStorage.getItem(prefix + name) ?? text;
        return text === undefined ? null : JSON.parse(text);
      } catch {
        return null;
      }
    },
    set(name, value) {
      const text = JSON.stringify(value);
      try {
        localStorage.setItem(prefix + name, text);
        memory.delete(name);
        durable = true;
      } catch {
        memory.set(name, text);
        durable = false;
      }
    },
    remove(name) {
      memory.delete(name);
      try {
        localStorage.removeItem(prefix + name);
      } catch {
        // forbidden: then nothing is there
      }
    },
    names() {
      const found = new Set(memory.keys());
      try {
        for (let n = 0; n < localStorage.length; n++) {
          const key = localStorage.key(n);
          if (key.startsWith(prefix)) found.add(key.slice(prefix.length));
        }
      } catch {
        // forbidden: then nothing is there
      }
      return [...found];
    },
  };
}
