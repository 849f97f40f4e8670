// An input that takes pictures: chosen, dropped, pasted, by address, or the sample; each with its preview.

export class FileInput {
  #box;
  #changed;
  #list;
  #most;
  #chosen = []; // files and addresses, in order

  constructor(box, changed) {
    this.#box = box;
    this.#changed = changed;
    this.#list = box.querySelector(".chosen");
    this.#most = Number(box.dataset.most);
    const picker = box.querySelector('input[type="file"]');
    picker.addEventListener("change", () => {
      this.#add([...picker.files]);
      picker.value = "";
    });
    const address = box.querySelector("[data-address]");
    const take = () => {
      if (!/^https?:\/\/\S+$/.test(address.value.trim())) return;
      this.#add([address.value.trim()]);
      address.value = "";
    };
    address.addEventListener("change", take);
    address.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      take();
    });
    box.querySelector("[data-sample]")?.addEventListener("click", (event) => this.#add([event.target.dataset.sample]));
    for (const kind of ["dragenter", "dragover"]) box.addEventListener(kind, (event) => this.#over(event, true));
    for (const kind of ["dragleave", "drop"]) box.addEventListener(kind, (event) => this.#over(event, false));
    box.addEventListener("drop", (event) => this.#add(pictures(event.dataTransfer)));
    box.addEventListener("paste", (event) => {
      const found = pictures(event.clipboardData);
      if (!found.length) return;
      event.preventDefault();
      this.#add(found);
    });
    this.#chosen = [...this.#list.children].map((item) => item.dataset.url);
    this.#show();
  }

  set(chosen) {
    this.#chosen = [...chosen];
    this.#show();
  }

  // For a question about the inputs: addresses, and names of files after an @.
  described() {
    return this.#chosen.map((each) => (typeof each === "string" ? absolute(each) : `@${each.name}`));
  }

  append(body, name) {
    for (const each of this.#chosen) {
      if (typeof each === "string") body.append(name, absolute(each));
      else body.append(name, each, each.name);
    }
  }

  #over(event, inside) {
    event.preventDefault();
    this.#box.classList.toggle("over", inside);
  }

  #add(found) {
    if (!found.length) return;
    this.#chosen = [...this.#chosen, ...found].slice(-this.#most);
    this.#show();
    this.#changed();
  }

  #show() {
    for (const image of this.#list.querySelectorAll("img")) if (image.src.startsWith("blob:")) URL.revokeObjectURL(image.src);
    this.#list.replaceChildren(...this.#chosen.map((each, place) => this.#item(each, place)));
  }

  #item(each, place) {
    const item = document.createElement("li");
    const name = typeof each === "string" ? decodeURI(each.split("/").pop().split("?")[0]) : each.name;
    const foreign = typeof each === "string" && new URL(each, location.href).origin !== location.origin;
    if (!foreign) {
      const image = document.createElement("img");
      image.src = typeof each === "string" ? each : URL.createObjectURL(each);
      image.alt = "";
      item.append(image);
    }
    const label = document.createElement("span");
    label.className = "name";
    label.textContent = foreign ? each : name;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.textContent = "×";
    remove.setAttribute("aria-label", `Remove ${name}`);
    remove.addEventListener("click", () => {
      this.#chosen.splice(place, 1);
      this.#show();
      this.#changed();
    });
    item.append(label, remove);
    return item;
  }
}

function pictures(transfer) {
  const files = [...(transfer?.files ?? [])].filter((file) => file.type.startsWith("image/"));
  if (files.length) return files;
  const text = transfer?.getData("text/uri-list") || transfer?.getData("text/plain") || "";
  return /^https?:\/\/\S+$/.test(text.trim()) ? [text.trim()] : [];
}

function absolute(address) {
  return new URL(address, location.href).href;
}
