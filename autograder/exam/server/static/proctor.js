// Updates the live view in place, so that focus, selection and scroll position stay.
"use strict";
(() => {
  const EVERY = 5000; // ms between two updates
  const SLOWEST = 30000; // ms at most between two attempts without a connection
  const PATIENCE = 20000; // ms for one reply
  const table = document.getElementById("roster");
  let today = "";

  // Show a time in the reader's time zone.
  function localise(time) {
    const at = new Date(time.dateTime);
    if (!time.dateTime || Number.isNaN(at.getTime())) return;
    const options = { hour: "2-digit", minute: "2-digit" };
    if (at.toDateString() !== today) Object.assign(options, { day: "numeric", month: "short" });
    put(time, at.toLocaleString([], options));
    time.title = at.toLocaleString();
  }

  function put(element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  }

  function localiseAll(now) {
    today = new Date(now || Date.now()).toDateString();
    for (const time of document.querySelectorAll("time")) localise(time);
    for (const zone of document.querySelectorAll(".zone")) zone.hidden = true;
  }

  localiseAll(table && table.dataset.now);
  if (!table) return;

  const body = table.tBodies[0];
  const blank = document.getElementById("blank").content.querySelector("tr");
  const form = document.getElementById("filter");
  const problem = document.getElementById("problem");
  let timer = 0;
  let failures = 0;
  let running = null;

  function show(text) {
    problem.hidden = !text;
    put(problem, text);
  }

  function setTimed(cell, [text, at]) {
    put(cell.querySelector(".t"), text);
    const time = cell.querySelector("time");
    if (time.getAttribute("datetime") === at) return;
    time.setAttribute("datetime", at);
    time.hidden = !at;
    localise(time);
  }

  function fill(row, one) {
    const cell = (key) => row.querySelector(`[data-key="${key}"]`);
    const link = cell("student").firstElementChild;
    put(link, one.student);
    put(cell("name"), one.name);
    const state = cell("state").firstElementChild;
    put(state, one.word);
    if (state.className !== `state s-${one.state}`) state.className = `state s-${one.state}`;
    for (const key of ["begun", "until", "saved"]) setTimed(cell(key), one[key]);
    put(cell("answered").querySelector(".t"), one.answered);
    put(cell("answered").querySelector(".flagged"), one.flagged);
    const bar = cell("answered").querySelector("progress");
    bar.max = one.items || 1;
    bar.value = one.done;
    bar.hidden = !one.answered;
    put(cell("late"), one.late);
    put(cell("notes"), one.notes);
  }

  function fillRows(rows) {
    const existing = new Map([...body.rows].map((row) => [row.dataset.id, row]));
    const focused = document.activeElement;
    let before = null;
    for (const one of rows) {
      let row = existing.get(one.id);
      existing.delete(one.id);
      if (!row) {
        row = document.importNode(blank, true);
        row.dataset.id = one.id;
        const link = row.querySelector("a");
        link.href = link.getAttribute("href") + encodeURIComponent(one.id);
      }
      fill(row, one);
      const place = before ? before.nextElementSibling : body.firstElementChild;
      if (place !== row) body.insertBefore(row, place);
      before = row;
    }
    for (const row of existing.values()) if (!row.contains(focused)) row.remove();
    // Moving a row takes the focus away from its elements.
    if (focused !== document.activeElement && focused.isConnected) focused.focus({ preventScroll: true });
  }

  function fillLog(log) {
    const list = document.getElementById("log");
    const known = log.map((event) => event.at + event.what + event.text).join("\n");
    if (list.dataset.known === undefined && list.children.length === log.length) list.dataset.known = known;
    if (list.dataset.known === known) return;
    list.dataset.known = known;
    list.replaceChildren(
      ...log.map((event) => {
        const item = document.createElement("li");
        const time = document.createElement("time");
        time.dateTime = event.at;
        localise(time);
        const what = document.createElement("b");
        what.textContent = event.what;
        item.append(time, " ", what);
        for (const [text, name] of [
          [event.by && ` by ${event.by}`, "quiet"],
          [event.text, "user-text"],
          [event.reason && `Reason: ${event.reason}`, "quiet why"],
        ]) {
          if (!text) continue;
          const part = document.createElement("span");
          part.className = name;
          part.textContent = text;
          item.append(part);
        }
        return item;
      }),
    );
    document.getElementById("log-box").hidden = !log.length;
  }

  function fillPage(data) {
    today = new Date(data.now).toDateString();
    const time = document.querySelector("#state time");
    time.dateTime = data.now;
    put(time, new Date(data.now).toLocaleTimeString());
    for (const one of data.summary) put(document.querySelector(`#tiles [data-key="${one.key}"] b`), one.text);
    put(document.getElementById("count"), data.shown);
    for (const head of table.querySelectorAll("[data-sort]")) {
      const mine = head.dataset.sort === data.sort;
      if (mine) head.setAttribute("aria-sort", data.down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
      const query = new URLSearchParams(location.search);
      query.set("sort", (mine && !data.down ? "-" : "") + head.dataset.sort);
      head.firstElementChild.search = query;
    }
    fillLog(data.log);
    fillRows(data.rows);
  }

  async function refresh() {
    clearTimeout(timer);
    if (running) running.abort();
    const mine = (running = new AbortController());
    const limit = setTimeout(() => mine.abort(), PATIENCE);
    try {
      const reply = await fetch(table.dataset.rows + location.search, { signal: mine.signal, cache: "no-store" });
      if (reply.status === 401) {
        show("You are signed out, so this page is no longer up to date. Sign in again with a new link.");
        return;
      }
      if (!reply.ok) throw new Error(String(reply.status));
      fillPage(await reply.json());
      failures = 0;
      show("");
    } catch {
      if (running !== mine) return; // a newer request took over
      failures += 1;
      if (failures > 1) show("No connection to the server. This page shows the state at the time above; trying again.");
    } finally {
      clearTimeout(limit);
    }
    if (running === mine) next();
  }

  function next() {
    const wait = Math.min(SLOWEST, EVERY * 2 ** Math.min(failures, 3)) * (0.9 + 0.2 * Math.random());
    timer = setTimeout(() => (document.hidden ? next() : refresh()), wait);
  }

  function ask(query) {
    history.replaceState(null, "", query ? `?${query}` : location.pathname);
    refresh();
  }

  function fromForm() {
    const query = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...query]) if (!value) query.delete(name);
    ask(query.toString());
  }

  function toForm() {
    const query = new URLSearchParams(location.search);
    for (const name of ["state", "q"]) form.elements[name].value = query.get(name) || "";
    form.elements.sort.value = query.get("sort") || "student";
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    fromForm();
  });
  form.addEventListener("change", fromForm);
  let typing = 0;
  form.elements.q.addEventListener("input", () => {
    clearTimeout(typing);
    typing = setTimeout(fromForm, 300);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#tiles a, [data-sort] a, #refresh");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    if (link.id === "refresh") return refresh();
    ask(link.search.slice(1));
    toForm();
  });
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  window.addEventListener("pageshow", toForm);
  next();
})();
