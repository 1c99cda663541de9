// The student's pages with a script: autosave, time left, answers that survive a lost line and a closed browser.
//
// Without it everything works by plain forms.  Protocol: POST /save, GET /state, see take.py.

import { localTime, makeClock } from "./clock.js";
import { complain, countTime, fill, findItems, read, showDone, showState, snapshot } from "./items.js";
import { open } from "./keep.js";
import { BUSY, OFFLINE, SIGNED_OUT, STALE, makeQueue } from "./queue.js";

const LATE = "late"; // kept for the next page: answers came after time

document.documentElement.classList.add("js");
document.querySelectorAll("time[data-local]").forEach(localTime);
// What scrolls sideways in its own box can be reached by keyboard.
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
    told: show,
    acked(name, number) {
      const item = items.get(name);
      if (item) item.base.value = Math.max(number, item.base.value);
    },
    seen: (state) => clock.seen(state),
    late: () => store.set(LATE, true),
  });
  const clock = makeClock({ here, speak, turned });

  putBack();
  sendEarlier();
  if (working) {
    items.forEach(notice); // typed before this script was there
    for (const item of items.values()) item.root.addEventListener("input", () => notice(item));
    for (const item of items.values()) item.root.addEventListener("change", () => notice(item));
    form?.addEventListener("keydown", stayOnEnter);
    addEventListener("submit", foldIn);
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
  addEventListener("pageshow", (event) => event.persisted && location.reload()); // it may be hours old
  show();

  function notice(item) {
    const now = snapshot(item);
    if (now === item.shown) return;
    item.shown = now;
    complain(item, "");
    showState(item);
    showDone(items);
    queue.put(item.name, read(item), item.flag.checked, seconds(item.name));
  }

  // Answers that were typed here and never acknowledged go into the page and to the server.
  function putBack() {
    const back = [];
    for (const [name, change] of queue.kept()) {
      const item = items.get(name);
      const arrived = item && JSON.stringify([change.fields, change.flagged]) === item.shown;
      if (arrived || (item && snapshot(item) !== item.shown)) {
        queue.forget(name, change.token); // or something newer was typed while this page loaded
        continue;
      }
      if (item) {
        fill(item, change.fields, change.flagged);
        item.shown = snapshot(item);
        showState(item);
        back.push(item);
      }
      queue.restore(name, change);
    }
    showDone(items);
    if (back.length) tell("What this browser had kept was put back and is being sent. Look it over: ", back);
  }

  // What an earlier sitting left in this browser; it is kept on record.
  function sendEarlier() {
    const all = open(prefix);
    for (const sitting of new Set(all.names().map((name) => name.split(":")[0]))) {
      if (sitting === here.sitting || !/^[1-9]\d*$/.test(sitting)) continue;
      const nothing = () => {};
      const kept = open(`${prefix}${sitting}:`);
      const calls = { told: nothing, acked: nothing, seen: nothing, late: nothing };
      const old = makeQueue({ sitting: Number(sitting), csrf: here.csrf, store: kept, ...calls });
      for (const [name, change] of old.kept()) old.restore(name, change);
    }
  }

  // A page before or after the exam: send what is left, then forget what only the exam needed.
  async function finish() {
    const had = queue.size();
    if (had && !(await queue.flush())) {
      if (!store.get(LATE)) return location.reload(); // it counts: show it
    }
    if (store.get(LATE)) tell("Some answers came when your time was over. They are kept on record, but do not count unless time is added.", []);
    if (!queue.size()) store.names().forEach((name) => name.startsWith("seconds:") && store.remove(name));
  }

  // The clock ran out, it was handed in elsewhere, or the page before the exam is out of date.
  async function turned(state) {
    if (leaving) return;
    leaving = true;
    if (working) {
      items.forEach(notice);
      lock(state.phase !== "working");
      const left = await queue.flush();
      if (left && left !== "refused") {
        leaving = false; // the next look at the server comes here again
        return;
      }
    }
    location.assign("/");
  }

  function lock(locked) {
    for (const item of items.values()) item.root.disabled = locked;
  }

  // A plain form goes out when autosave has everything; without a line it would only lead to an error page.
  async function foldIn(event) {
    if (leaving || !event.target.matches("[data-flush]")) return;
    event.preventDefault();
    items.forEach(notice);
    const left = await queue.flush();
    if (left && left !== "refused") {
      show();
      speak(document.getElementById("saved").textContent);
      return;
    }
    leaving = true;
    setTimeout(() => event.target.requestSubmit(event.submitter)); // not while the event is still going round
  }

  // Enter in a field would press the first button of the page.
  function stayOnEnter(event) {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
  }

  // The state in a line; what is wrong is said aloud too, once.
  function show() {
    const line = document.getElementById("saved");
    for (const [name, why] of queue.refused) if (items.has(name)) complain(items.get(name), `This answer could not be saved: ${why || "shorten it."}`);
    if (!line) return;
    const [state, text, link] = words();
    if (line.dataset.text === text) return;
    const trouble = state === "trouble" || line.dataset.state === "trouble";
    Object.assign(line.dataset, { text, state });
    line.textContent = text;
    if (link) line.append(" ", Object.assign(document.createElement("a"), { href: "/", textContent: link }));
    if (trouble) speak(text);
  }

  function words() {
    const size = queue.size();
    const answers = size === 1 ? "1 answer is" : `${size} answers are`;
    const kept = queue.durable() ? `${answers} kept in this browser and will be sent` : `${answers} kept on this page only: do not close it`;
    if (queue.failed() === SIGNED_OUT) return ["trouble", `You are signed out: ${kept} when you sign in again.`, "Sign in"];
    if (queue.failed() === STALE) return ["trouble", `This page is out of date: ${kept} when you load it anew.`, "Load anew"];
    if (queue.failed() === OFFLINE && size) return ["trouble", `No connection: ${kept}`];
    if (queue.failed() === BUSY && size) return ["trouble", `The server is busy: ${kept}`];
    if (queue.refused.size) return ["trouble", `${queue.refused.size === 1 ? "1 answer" : `${queue.refused.size} answers`} could not be saved: see there`];
    return size ? ["saving", "Saving…"] : ["saved", working && store.get(LATE) ? "Saved, but after time: it does not count" : "All answers saved"];
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
    document.getElementById("told")?.append(box);
  }
}
