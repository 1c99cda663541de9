// The queue of answers to the server: kept until acknowledged, sent in batches, retried with back-off.
//
// Every change has its own token, so the server stores a change that is sent twice only once.

const DEBOUNCE = 1500; // ms after the last key
const LONGEST_WAIT = 8000; // ms at most while the student keeps typing
const PATIENCE = 20000; // ms for a reply
const MOST_CHANGES = 50; // in a batch
const MOST_TEXT = 200000; // characters of a batch
const SLOWEST = 60; // seconds at most between two attempts
const ANSWER = "answer:";

// Why the last attempt failed, or (REFUSED) why answers remain after a flush.
export const OFFLINE = "offline";
export const BUSY = "busy";
export const SIGNED_OUT = "signed-out";
export const STALE = "stale";
export const REFUSED = "refused";

// sitting, csrf: values of the page; store: see keep.js.
// onChange(): the queue changed.  onAcknowledged(name, number): an answer is on the server's disk.
// onState(state): the state of the exam arrived.  onLate(): answers arrived after the end of the time.
export function makeQueue({ sitting, csrf, store, onChange, onAcknowledged, onState, onLate }) {
  const pending = new Map(); // name → change
  const refused = new Map(); // name → why
  let timer = 0;
  let waiting = 0; // time of the oldest unsent change
  let failures = 0;
  let failed = "";
  let running = null;
  let single = false; // send one at a time, to find the answer that the server refuses

  function put(name, fields, flagged, seconds) {
    const change = { token: newToken(), fields, flagged, seconds };
    refused.delete(name);
    pending.set(name, change);
    store.set(ANSWER + name, change);
    onChange();
    if (failed) return; // an attempt is scheduled already, or the student has to sign in
    const now = performance.now();
    waiting = waiting || now;
    schedule(Math.max(0, Math.min(DEBOUNCE, waiting + LONGEST_WAIT - now)));
  }

  // The changes that an earlier page of this browser kept: name → change.
  function kept() {
    const found = new Map();
    for (const key of store.names()) {
      const change = key.startsWith(ANSWER) ? store.get(key) : null;
      if (change && typeof change.token === "string" && Array.isArray(change.fields)) {
        found.set(key.slice(ANSWER.length), change);
      }
    }
    return found;
  }

  function restore(name, change) {
    pending.set(name, change);
    schedule(0);
  }

  function forget(name, token) {
    const stored = store.get(ANSWER + name);
    if (!stored || stored.token === token) store.remove(ANSWER + name); // another tab may have stored a newer change
  }

  // Send everything; returns "" or why answers remain.
  async function flush() {
    while (batch().length) {
      const before = failures;
      await send();
      if (failed && (failures > before || failed === SIGNED_OUT || failed === STALE)) return failed;
    }
    return refused.size ? REFUSED : "";
  }

  function send() {
    running = running || attempt().finally(() => {
      running = null;
      onChange();
      if (batch().length && !failed) schedule(waiting ? DEBOUNCE : 0);
    });
    onChange();
    return running;
  }

  async function attempt() {
    clearTimeout(timer);
    timer = waiting = 0;
    const sent = batch();
    if (!sent.length) return;
    const changes = sent.map(([name, change]) => ({ name, ...change }));
    let reply, body;
    try {
      reply = await ask("/save", csrf, { sitting, changes });
      body = await reply.json();
    } catch {
      return retry(reply && reply.status >= 500 ? BUSY : OFFLINE, 0);
    }
    if (body && body.state) onState(body.state);
    if (reply.ok && body && body.saved) return acknowledge(sent, body);
    if (reply.status === 401) return stop(SIGNED_OUT);
    if (reply.status === 400 && !(body && body.state)) return stop(STALE);
    if (reply.status === 400 || reply.status === 413) return refuse(sent, body);
    retry(BUSY, Number(reply.headers.get("Retry-After")) || 0);
  }

  function acknowledge(sent, body) {
    failed = "";
    failures = 0;
    for (const [name, change] of sent) {
      if (pending.get(name)?.token === change.token) pending.delete(name);
      forget(name, change.token);
      if (body.saved[name]) onAcknowledged(name, body.saved[name]);
    }
    if (!body.counts) onLate();
    if (!pending.size) single = false;
  }

  function refuse(sent, body) {
    failed = "";
    failures = 0;
    if (sent.length > 1) single = true;
    else refused.set(sent[0][0], (body && body.problem) || "");
  }

  function retry(why, seconds) {
    failed = why;
    failures += 1;
    const wait = Math.min(SLOWEST, 2 ** failures) * (0.5 + Math.random() / 2);
    schedule(1000 * Math.max(wait, seconds + Math.random()));
  }

  function stop(why) {
    failed = why;
    failures += 1;
  }

  function schedule(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(send, milliseconds);
  }

  function batch() {
    const chosen = [];
    let size = 0;
    for (const one of pending) {
      if (refused.has(one[0])) continue;
      size += JSON.stringify(one).length;
      if (chosen.length && (single || chosen.length === MOST_CHANGES || size > MOST_TEXT)) break;
      chosen.push(one);
    }
    return chosen;
  }

  addEventListener("online", () => {
    if (failed === OFFLINE) schedule(0);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && pending.size && !failed) send(); // the page may never be shown again
  });

  return {
    put, kept, restore, forget, flush, send, refused,
    size: () => pending.size,
    sending: () => running !== null,
    failed: () => failed,
    durable: () => store.durable(),
  };
}

// A reply that is not JSON does not come from the exam's server but, for example, from a login page of the network.
export async function ask(path, csrf, body) {
  const text = body && JSON.stringify(body);
  const reply = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: text,
    cache: "no-store",
    keepalive: Boolean(text) && text.length < 20000, // continues when the page is closed
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!(reply.headers.get("Content-Type") || "").startsWith("application/json") && reply.status < 500) {
    throw new TypeError("not the exam's server");
  }
  return reply;
}

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID() exists only under https
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
