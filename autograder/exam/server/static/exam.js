// The script of the student's pages: autosave, time left, answers that survive a lost connection and a closed browser.
//
// Without JavaScript the pages work with plain forms.  Protocol: POST /save, GET /state; see student_pages.py.

import { localTime, makeClock } from "./clock.js";
import { complain, countTime, fill, findItems, read, showDone, showState, snapshot } from "./items.js";
import { open } from "./keep.js";
import { BUSY, OFFLINE, REFUSED, SIGNED_OUT, STALE, makeQueue } from "./queue.js";

const LATE = "late"; // stored for the next page: some answers arrived too late

document.documentElement.classList.add("js");
document.querySelectorAll("time[data-local]").forEach(localTime);
// Boxes that scroll sideways can be reached by keyboard.
for (const box of document.querySelectorAll("pre, .prose")) {
  if (box.scrollWidth > box.clientWidth && box.clientWidth) box.tabIndex = 0;
}
const place = document.querySelector("[data-phase]");
if (place) start(place.dataset);

function start(here) {
  const prefix = `exam:${here.exam}:${here.student}:`;
  const store = open(`${prefix}${here.sitting}:`);
  const form = document.getElementById("answers");
  const items = form ? findItems(form) : new Map();
  const seconds = countTime(items, store);
  const working = here.phase === "working";
  let leaving = false;

  const queue = makeQueue({
    sitting: Number(here.sitting),
    csrf: here.csrf,
    store,
    onChange: show,
    onAcknowledged(name, number) {
      const item = items.get(name);
      if (item) item.base.value = Math.max(number, item.base.value);
    },
    onState: (state) => clock.update(state),
    onLate: () => store.set(LATE, true),
  });
  const clock = makeClock({ here, speak, onPhase });

  restoreAnswers();
  sendEarlier();
  if (working) {
    items.forEach(noticeChange); // typed before this script was loaded
    for (const item of items.values()) item.root.addEventListener("input", () => noticeChange(item));
    for (const item of items.values()) item.root.addEventListener("change", () => noticeChange(item));
    form?.addEventListener("keydown", ignoreEnter);
    addEventListener("submit", saveBeforeSubmit);
    addEventListener("beforeunload", (event) => {
      if (queue.size() && !leaving) event.preventDefault();
    });
    document.querySelector("#news button").addEventListener("click", (event) => (event.target.parentNode.hidden = true));
    new ResizeObserver(([bar]) => {
      document.documentElement.style.setProperty("--bar", `${Math.ceil(bar.target.offsetHeight)}px`);
    }).observe(place);
  } else {
    finish();
  }
  addEventListener("pageshow", (event) => event.persisted && location.reload()); // a cached page may be hours old
  show();

  function noticeChange(item) {
    const current = snapshot(item);
    if (current === item.shown) return;
    item.shown = current;
    complain(item, "");
    showState(item);
    showDone(items);
    queue.put(item.name, read(item), item.flag.checked, seconds(item.name));
  }

  // Put unacknowledged answers of this browser back into the page, and send them.
  function restoreAnswers() {
    const restored = [];
    for (const [name, change] of queue.kept()) {
      const item = items.get(name);
      const arrived = item && JSON.stringify([change.fields, change.flagged]) === item.shown;
      if (arrived || (item && snapshot(item) !== item.shown)) {
        queue.forget(name, change.token); // it arrived, or something newer was typed while this page loaded
        continue;
      }
      if (item) {
        fill(item, change.fields, change.flagged);
        item.shown = snapshot(item);
        showState(item);
        restored.push(item);
      }
      queue.restore(name, change);
    }
    showDone(items);
    if (restored.length) tell("Answers kept in this browser were restored and are being sent. Please check ", restored);
  }

  // Send the answers that an earlier sitting left in this browser; the server stores them, but they do not count.
  function sendEarlier() {
    const all = open(prefix);
    for (const sitting of new Set(all.names().map((name) => name.split(":")[0]))) {
      if (sitting === here.sitting || !/^[1-9]\d*$/.test(sitting)) continue;
      const ignore = () => {};
      const kept = open(`${prefix}${sitting}:`);
      const callbacks = { onChange: ignore, onAcknowledged: ignore, onState: ignore, onLate: ignore };
      const old = makeQueue({ sitting: Number(sitting), csrf: here.csrf, store: kept, ...callbacks });
      for (const [name, change] of old.kept()) old.restore(name, change);
    }
  }

  // On a page before or after the exam: send remaining answers, then delete data that only the exam needed.
  async function finish() {
    const had = queue.size();
    if (had && !(await queue.flush())) {
      if (!store.get(LATE)) return location.reload(); // the answers count: show the new numbers
    }
    if (store.get(LATE)) tell("Some answers arrived after your time was up. They are stored, but they count only if you are given more time.", []);
    if (!queue.size()) store.names().forEach((name) => name.startsWith("seconds:") && store.remove(name));
  }

  // Time ran out, the exam was handed in elsewhere, or the page before the exam is out of date.
  async function onPhase(state) {
    if (leaving) return;
    leaving = true;
    if (working) {
      items.forEach(noticeChange);
      lock(state.phase !== "working");
      const problem = await queue.flush();
      if (problem && problem !== REFUSED) {
        leaving = false; // the next state from the server leads here again
        return;
      }
    }
    location.assign("/");
  }

  function lock(locked) {
    for (const item of items.values()) item.root.disabled = locked;
  }

  // Submit a plain form only after autosave is done; without a connection it would lead to an error page.
  async function saveBeforeSubmit(event) {
    if (leaving || !event.target.matches("[data-flush]")) return;
    event.preventDefault();
    items.forEach(noticeChange);
    const problem = await queue.flush();
    if (problem && problem !== REFUSED) {
      show();
      speak(document.getElementById("saved").textContent);
      return;
    }
    leaving = true;
    setTimeout(() => event.target.requestSubmit(event.submitter)); // only after this event has been handled
  }

  // Without this, Enter in a field would press the first button of the page.
  function ignoreEnter(event) {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  }

  // Show the state in the bar; problems are also announced to screen readers, once.
  function show() {
    const line = document.getElementById("saved");
    for (const [name, why] of queue.refused) if (items.has(name)) complain(items.get(name), `This answer could not be saved: ${why || "shorten it."}`);
    if (!line) return;
    const [state, text, link] = describe();
    if (line.dataset.text === text) return;
    const trouble = state === "trouble" || line.dataset.state === "trouble";
    Object.assign(line.dataset, { text, state });
    line.textContent = text;
    if (link) line.append(" ", Object.assign(document.createElement("a"), { href: "/", textContent: link }));
    if (trouble) speak(text);
  }

  function describe() {
    const size = queue.size();
    const answers = size === 1 ? "1 answer is" : `${size} answers are`;
    const kept = queue.durable() ? `${answers} kept in this browser and will be sent` : `${answers} kept on this page only; do not close it`;
    if (queue.failed() === SIGNED_OUT) return ["trouble", `You are signed out: ${kept} when you sign in again.`, "Sign in"];
    if (queue.failed() === STALE) return ["trouble", `This page is out of date: ${kept} when you reload it.`, "Reload"];
    if (queue.failed() === OFFLINE && size) return ["trouble", `No connection: ${kept}`];
    if (queue.failed() === BUSY && size) return ["trouble", `The server is busy: ${kept}`];
    if (queue.refused.size) return ["trouble", `${queue.refused.size === 1 ? "1 answer" : `${queue.refused.size} answers`} could not be saved; see below`];
    return size ? ["saving", "Saving…"] : ["saved", working && store.get(LATE) ? "Saved after your time was up: does not count" : "All answers saved"];
  }

  function speak(text) {
    const line = document.getElementById("spoken");
    if (line) line.textContent = text;
  }

  function tell(text, about) {
    const box = document.createElement("div");
    box.className = "notice";
    box.setAttribute("role", "status");
    const line = box.appendChild(document.createElement("p"));
    line.append(text);
    about.forEach((item, n) => {
      const label = item.root.querySelector(".name").textContent.toLowerCase();
      line.append(n ? ", " : "", Object.assign(document.createElement("a"), { href: `#${item.name}`, textContent: label }));
    });
    if (about.length) line.append(".");
    document.getElementById("messages")?.append(box);
  }
}
