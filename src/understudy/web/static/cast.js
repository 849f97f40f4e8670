// The order of a cast: the selects of the form become a list whose entries are moved, taken out and added. The selects
// stay in the form and are what is sent.

const form = document.querySelector("[data-cast]");
if (form) enhance(form);

function enhance(box) {
  const fields = [...box.querySelectorAll("select")];
  if (!fields.length) return;
  const choices = new Map([...fields[0].options].filter((each) => each.value).map((each) => [each.value, each.dataset]));
  let names = [...new Set(fields.map((each) => each.value).filter(Boolean))];

  const order = document.createElement("ol");
  order.className = "order";
  order.setAttribute("aria-label", "Engines, the preferred one first");
  const add = document.createElement("div");
  add.className = "add";
  const said = document.createElement("p");
  said.className = "hidden";
  said.setAttribute("role", "status");
  for (const field of fields) field.closest("label").hidden = true;
  box.append(order, add, said);
  show();

  function show(focus = "") {
    fields.forEach((field, index) => (field.value = names[index] ?? ""));
    order.replaceChildren(...names.map(entry));
    const others = [...choices.keys()].filter((name) => !names.includes(name));
    add.hidden = !others.length;
    add.replaceChildren(...(others.length ? adding(others) : []));
    if (focus) (box.querySelector(focus) ?? box.querySelector("button, select:not([name])"))?.focus();
  }

  function entry(name, index) {
    const about = choices.get(name) ?? {};
    const row = document.createElement("li");
    row.append(text("place", `${index + 1}.`), text("name", name));
    if (about.preview) row.append(text("badge preview", "preview"));
    row.append(text(`badge ${about.good === "yes" ? "good" : "bad"}`, about.state ?? "unknown"));
    const acts = text("acts", "");
    acts.append(
      button("↑", `Move ${name} up`, "up", name, index === 0, () => move(index, -1)),
      button("↓", `Move ${name} down`, "down", name, index === names.length - 1, () => move(index, 1)),
      button("×", `Take ${name} out`, "out", name, false, () => {
        names = names.filter((each) => each !== name);
        said.textContent = `${name} is taken out.`;
        show("[data-act]:not(:disabled)");
      }),
    );
    row.append(acts);
    if (about.reason) row.append(text("reason", about.reason));
    return row;
  }

  function move(index, by) {
    const name = names[index];
    names.splice(index, 1);
    names.splice(index + by, 0, name);
    said.textContent = `${name} is number ${index + by + 1} of ${names.length}.`;
    const act = by < 0 ? "up" : "down";
    const stuck = index + by === (by < 0 ? 0 : names.length - 1);
    const wanted = stuck ? (by < 0 ? "down" : "up") : act;
    show(`[data-act="${wanted}"][data-name="${CSS.escape(name)}"]`);
  }

  function adding(others) {
    const choice = document.createElement("select");
    choice.setAttribute("aria-label", "An engine to add");
    choice.append(...others.map((name) => new Option(`${name}${choices.get(name).preview ? " (preview)" : ""}, ${choices.get(name).state}`, name)));
    const act = button("Add", "", "add", "", false, () => {
      const name = choice.value;
      names = [...names, name];
      said.textContent = `${name} is number ${names.length} of ${names.length}.`;
      show(`[data-act="up"][data-name="${CSS.escape(name)}"]:not(:disabled), [data-act="out"][data-name="${CSS.escape(name)}"]`);
    });
    act.className = "secondary small";
    return [choice, act];
  }
}

function text(kind, words) {
  const made = document.createElement("span");
  made.className = kind;
  made.textContent = words;
  return made;
}

function button(words, label, act, name, disabled, does) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "quiet";
  made.textContent = words;
  if (label) made.setAttribute("aria-label", label);
  made.dataset.act = act;
  made.dataset.name = name;
  made.disabled = disabled;
  made.addEventListener("click", does);
  return made;
}
