// The items of the page: their answers, their states, and the overview.

const WORDS = { answered: "answered", begun: "incomplete", empty: "not answered" };

export function findItems(form) {
  const found = new Map();
  for (const root of form.querySelectorAll("fieldset.item")) {
    const named = [...root.querySelectorAll("[name]")];
    const item = {
      name: root.id,
      root,
      widget: root.dataset.widget,
      base: named.find((one) => one.name === `${root.id}.base`),
      flag: named.find((one) => one.name === `${root.id}.flag`),
      link: document.querySelector(`#overview a[data-name="${root.id}"]`),
    };
    item.controls = named.filter((one) => one !== item.base && one !== item.flag);
    item.shown = JSON.stringify([fieldsOf(item, sent), item.flag.defaultChecked]);
    found.set(item.name, item);
  }
  return found;
}

// The fields of an item as a form would send them.
export function read(item) {
  return fieldsOf(item, { checked: (one) => one.checked, value: (one) => one.value });
}

// The values that the server sent with the page, without changes typed before this script was loaded.
const sent = {
  checked: (one) => one.defaultChecked,
  value: (one) => (one.options ? ([...one.options].find((entry) => entry.defaultSelected)?.value ?? "") : one.defaultValue),
};

function fieldsOf(item, { checked, value }) {
  const choice = item.widget === "radio" || item.widget === "checkbox";
  return item.controls
    .filter((one) => !choice || checked(one))
    .map((one) => [one.name, choice ? one.value : value(one)]);
}

export function fill(item, fields, flagged) {
  const has = (name, value) => fields.some((field) => field[0] === name && field[1] === value);
  for (const one of item.controls) {
    if (item.widget === "radio" || item.widget === "checkbox") one.checked = has(one.name, one.value);
    else one.value = (fields.find((field) => field[0] === one.name) || ["", ""])[1];
  }
  item.flag.checked = flagged;
}

export function snapshot(item) {
  return JSON.stringify([read(item), item.flag.checked]);
}

export function stateOf(item) {
  const values = read(item).map((field) => field[1].trim()).filter(Boolean);
  if (!values.length) return "empty";
  if (item.widget === "match" || item.widget === "gaps") return values.length < item.controls.length ? "begun" : "answered";
  if (item.widget === "order") return new Set(values).size < item.controls.length ? "begun" : "answered";
  return "answered";
}

export function showState(item) {
  const state = stateOf(item);
  const { link } = item;
  if (!link) return;
  link.dataset.state = state;
  link.toggleAttribute("data-flagged", item.flag.checked);
  link.querySelector(".word").textContent = WORDS[state];
  link.querySelector("use").setAttribute("href", `#i-${state}`);
}

export function showDone(items) {
  const done = document.getElementById("done");
  if (done) done.textContent = [...items.values()].filter((item) => stateOf(item) === "answered").length;
}

// Show a problem below an item; "" removes it.
export function complain(item, text) {
  let problem = item.root.querySelector(".problem");
  if (!text) return void problem?.remove();
  if (!problem) {
    problem = document.createElement("p");
    problem.className = "problem";
    item.flag.closest("p").before(problem);
  }
  if (problem.textContent !== text) problem.textContent = text;
}

// Count the seconds spent on each item, across reloads of the page.
//
// The time between two interactions belongs to the item of the second one, because a student reads a question before
// choosing an option.  While the page is hidden no time is counted.
export function countTime(items, store) {
  const key = (name) => `seconds:${name}`;
  const spent = new Map([...items.keys()].map((name) => [name, Number(store.get(key(name))) || 0]));
  let before = performance.now();
  let open = 0;
  function pass() {
    const now = performance.now();
    if (!document.hidden) open += Math.min(5, (now - before) / 1000); // do not count the time that the computer slept
    before = now;
  }
  function touch(name) {
    pass();
    spent.set(name, spent.get(name) + open);
    open = 0;
    store.set(key(name), Math.round(spent.get(name)));
  }
  for (const item of items.values()) {
    for (const kind of ["focusin", "input", "pointerdown"]) item.root.addEventListener(kind, () => touch(item.name));
  }
  if (items.size) setInterval(pass, 1000);
  return (name) => Math.round(10 * spent.get(name)) / 10;
}
