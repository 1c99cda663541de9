// Answers on their way to the server: kept until they are acknowledged, sent in batches, tried again with back-off.
//
// Every change has a token of its own, so one that is sent twice is kept once by the server.

const DEBOUNCE = 1500; // ms after the last key
const LONGEST_WAIT = 8000; // ms while somebody keeps typing
const PATIENCE = 20000; // ms for a reply
const MOST_CHANGES = 50; // in a batch
const MOST_TEXT = 200000; // characters of a batch
const SLOWEST = 60; // seconds between two tries
const ANSWER = "answer:";

// Why the last try failed.
export const OFFLINE = "offline";
export const BUSY = "busy";
export const SIGNED_OUT = "signed-out";
export const STALE = "stale";

// sitting, csrf: as the page says; store: see keep.js.
// told(): something about the queue changed.  acked(name, number): an answer is on the server's disk.
// seen(state): what the server said of the exam.  late(): answers came after time.
export function makeQueue({ sitting, csrf, store, told, acked, seen, late }) {
  const pending = new Map(); // name → change
  const refused = new Map(); // name → why
  let timer = 0;
  let waiting = 0; // since when something new waits
  let failures = 0;
  let failed = "";
  let running = null;
  let single = false; // one at a time, to find the one that the server refuses

  function put(name, fields, flagged, seconds) {
    const change = { token: newToken(), fields, flagged, seconds };
    refused.delete(name);
    pending.set(name, change);
    store.set(ANSWER + name, change);
    told();
    if (failed) return; // a try is planned already, or somebody has to sign in
    const now = performance.now();
    waiting = waiting || now;
    plan(Math.max(0, Math.min(DEBOUNCE, waiting + LONGEST_WAIT - now)));
  }

  // What an earlier page of this browser kept: name → change.
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
    plan(0);
  }

  function forget(name, token) {
    const there = store.get(ANSWER + name);
    if (!there || there.token === token) store.remove(ANSWER + name); // another tab may have a newer one
  }

  // Sends what there is; "" or why something is left.
  async function flush() {
    while (batch().length) {
      const before = failures;
      await send();
      if (failed && (failures > before || failed === SIGNED_OUT || failed === STALE)) return failed;
    }
    return refused.size ? "refused" : "";
  }

  function send() {
    running = running || attempt().finally(() => {
      running = null;
      told();
      if (batch().length && !failed) plan(waiting ? DEBOUNCE : 0);
    });
    told();
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
      return again(reply && reply.status >= 500 ? BUSY : OFFLINE, 0);
    }
    if (body && body.state) seen(body.state);
    if (reply.ok && body && body.saved) return done(sent, body);
    if (reply.status === 401) return stop(SIGNED_OUT);
    if (reply.status === 400 && !(body && body.state)) return stop(STALE);
    if (reply.status === 400 || reply.status === 413) return refuse(sent, body);
    again(BUSY, Number(reply.headers.get("Retry-After")) || 0);
  }

  function done(sent, body) {
    failed = "";
    failures = 0;
    for (const [name, change] of sent) {
      if (pending.get(name)?.token === change.token) pending.delete(name);
      forget(name, change.token);
      if (body.saved[name]) acked(name, body.saved[name]);
    }
    if (!body.counts) late();
    if (!pending.size) single = false;
  }

  function refuse(sent, body) {
    failed = "";
    failures = 0;
    if (sent.length > 1) single = true;
    else refused.set(sent[0][0], (body && body.problem) || "");
  }

  function again(why, seconds) {
    failed = why;
    failures += 1;
    const wait = Math.min(SLOWEST, 2 ** failures) * (0.5 + Math.random() / 2);
    plan(1000 * Math.max(wait, seconds + Math.random()));
  }

  function stop(why) {
    failed = why;
    failures += 1;
  }

  function plan(milliseconds) {
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
    if (failed === OFFLINE) plan(0);
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && pending.size && !failed) send(); // perhaps for ever
  });

  return {
    put, kept, restore, forget, flush, send, refused,
    size: () => pending.size,
    sending: () => running !== null,
    failed: () => failed,
    durable: () => store.durable(),
  };
}

// Whatever is not JSON is no server of ours: a page of the network's own, asking to log in.
export async function ask(path, csrf, body) {
  const text = body && JSON.stringify(body);
  const reply = await fetch(path, {
    method: body ? "POST" : "GET",
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf },
    body: text,
    cache: "no-store",
    keepalive: Boolean(text) && text.length < 20000, // goes on when the page is closed
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  if (!(reply.headers.get("Content-Type") || "").startsWith("application/json") && reply.status < 500) {
    throw new TypeError("not the exam's server");
  }
  return reply;
}

function newToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16)); // randomUUID() is only there under https
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
