// Time left by the server's clock, announcements, and changes made elsewhere.

import { ask } from "./queue.js";

const EVERY = 20000; // ms between two requests for the state
const SPOKEN = [10, 5, 1]; // minutes left that a screen reader announces
const NOTICEABLE = 5; // smaller changes of the end, in seconds, are not announced

// here: the page's data attributes; speak(text): announces a text to screen readers; onPhase(state): called when phase
// or sitting differ from those of the page.
export function makeClock({ here, speak, onPhase }) {
  const shown = document.getElementById("left");
  const counting = here.phase === "working";
  let ends = performance.now() + 1000 * Number(here.left);
  let before = counting ? left() : 0;
  let asked = false;

  function left() {
    return (ends - performance.now()) / 1000;
  }

  function tick() {
    const now = left();
    if (shown) {
      shown.textContent = now > 0 ? `${words(now)} left` : "Time is up";
      shown.toggleAttribute("data-short", now <= 300);
    }
    for (const minutes of SPOKEN) {
      if (before > 60 * minutes && now <= 60 * minutes) speak(`${minutes} minute${minutes === 1 ? "" : "s"} left.`);
    }
    before = now;
    if (now <= 0 && !asked) {
      asked = true;
      refresh();
    }
  }

  // Apply a state from the server, which is always right.
  function update(state) {
    for (const announcement of [...state.announcements].reverse()) announce(announcement);
    if (state.phase !== here.phase || String(state.sitting) !== here.sitting) return onPhase(state);
    if (!counting) return;
    const moved = state.left - left();
    ends = performance.now() + 1000 * state.left;
    asked = state.left <= 0;
    if (Math.abs(moved) <= NOTICEABLE) return;
    moveEnd(moved);
    before = state.left;
    speak(`Your end time has changed: ${words(state.left)} left.`);
  }

  async function refresh() {
    try {
      const reply = await ask("/state", here.csrf);
      if (reply.ok) update(await reply.json());
    } catch {
      asked = false; // no connection: the queue reports it
    }
  }

  (function repeat() {
    setTimeout(() => refresh().finally(repeat), EVERY * (0.75 + Math.random() / 2));
  })();
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  addEventListener("online", refresh);
  if (counting) {
    tick();
    setInterval(tick, 1000);
  }
  return { update };
}

function words(seconds) {
  if (seconds > 600) {
    const minutes = Math.floor(seconds / 60);
    const rest = String(minutes % 60).padStart(2, "0");
    return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${rest} min`;
  }
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

function moveEnd(seconds) {
  const time = document.querySelector("#ends time");
  if (!time) return;
  const at = new Date(new Date(time.dateTime).getTime() + 1000 * seconds);
  time.dateTime = at.toISOString();
  time.textContent = `${at.toISOString().slice(11, 16)} UTC`;
  localTime(time);
}

// Show an announcement that the page does not show yet: above the items, and in the bar at the top.
function announce({ number, at, text }) {
  const region = document.getElementById("announced");
  if (!region || region.querySelector(`[data-number="${CSS.escape(number)}"]`)) return;
  const notice = document.createElement("div");
  notice.className = "notice";
  notice.dataset.number = number;
  const head = notice.appendChild(document.createElement("p"));
  const time = document.createElement("time");
  time.dateTime = at;
  time.dataset.local = "time";
  time.textContent = `${at.slice(11, 16)} UTC`;
  head.append(Object.assign(document.createElement("b"), { textContent: "Announcement" }), " ", time);
  localTime(time);
  notice.append(Object.assign(document.createElement("p"), { className: "user-text", textContent: text }));
  region.prepend(notice); // a live region: screen readers announce it
  const news = document.getElementById("news");
  if (!news) return;
  news.hidden = false;
  news.querySelector("p").textContent = text;
}

// Add the reader's local time after the time in UTC.
export function localTime(time) {
  const at = new Date(time.dateTime);
  if (!at.getTimezoneOffset() || Number.isNaN(at.getTime())) return;
  const full = time.dataset.local === "date" && at.toDateString() !== utcDay(at);
  const day = full ? { day: "numeric", month: "long" } : {};
  const style = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...day };
  const label = time.nextElementSibling?.matches(".local") ? time.nextElementSibling : document.createElement("span");
  label.className = "local";
  label.textContent = ` (${new Intl.DateTimeFormat("en-GB", style).format(at)} your time)`;
  time.after(label);
}

function utcDay(at) {
  return new Date(at.getUTCFullYear(), at.getUTCMonth(), at.getUTCDate()).toDateString();
}
